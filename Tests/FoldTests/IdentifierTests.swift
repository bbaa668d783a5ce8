import TestSupport
import Testing

@testable import Fold

@Suite("Identifiers")
struct IdentifierTests {
    private static let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-".utf8)
    private static let first = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private func problem(_ text: String) -> InvalidIdentifier.Problem? {
        do throws(InvalidIdentifier) {
            _ = try ApplicationID(text)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test("1 to 128 bytes are an identifier, 0 and 129 are not")
    func lengths() {
        #expect(problem("") == .empty)
        #expect(problem("a") == nil)
        #expect(problem(String(repeating: "a", count: 128)) == nil)
        #expect(problem(String(repeating: "a", count: 129)) == .tooLong(bytes: 129))
    }

    @Test("The limit counts bytes, not characters")
    func bytesCount() {
        #expect(problem("a" + String(repeating: "é", count: 64)) == .tooLong(bytes: 129))
    }

    @Test("Of all ASCII bytes exactly the allowed ones may stand in an identifier")
    func everyByte() {
        for byte in UInt8(0)..<128 {
            let text = "a" + String(UnicodeScalar(byte)) + "z"
            let expected: InvalidIdentifier.Problem? = Self.allowed.contains(byte) ? nil : .badByte(offset: 1)
            #expect(problem(text) == expected, "byte \(byte)")
        }
    }

    @Test("Of all ASCII bytes exactly letters and digits may stand first")
    func everyFirstByte() {
        for byte in UInt8(0)..<128 {
            let expected: InvalidIdentifier.Problem? = Self.first.contains(byte) ? nil : .badFirstByte
            #expect(problem(String(UnicodeScalar(byte)) + "b") == expected, "byte \(byte)")
        }
    }

    @Test(
        "What is not ASCII is refused where it stands, whatever it looks like",
        arguments: ["aé", "ae\u{301}", "a\u{212A}", "a１", "a\u{200B}", "aА", "a😀", "a\r\n"])
    func notASCII(_ text: String) throws {
        let offset = try #require(Array(text.utf8).firstIndex { !Self.allowed.contains($0) })
        #expect(problem(text) == .badByte(offset: offset))
    }

    @Test("A letter with a mark on it is no first byte")
    func marked() {
        #expect(problem("é") == .badFirstByte)
        #expect(problem("１a") == .badFirstByte)
    }

    @Test(
        "A number behind the last tilde makes an id one of a client's sequence",
        arguments: [
            ("c~1", "c", 1), ("c~9007199254740991", "c", 9_007_199_254_740_991), ("a~b~7", "a~b", 7),
            ("a~1~2", "a~1", 2), ("c-~10", "c-", 10),
        ] as [(String, String, UInt64)])
    func sequenced(_ id: String, _ client: String, _ number: UInt64) throws {
        #expect(try ChangeID(id).form == .sequenced(client: client, number: number))
    }

    @Test(
        "A number that no client counts with is refused, so that nobody relies on its order",
        arguments: ["c~0", "c~01", "c~00", "c~9007199254740992", "c~18446744073709551616", "c~1~007"])
    func badNumbers(_ id: String) {
        #expect(throws: InvalidIdentifier(kind: "change id", problem: .badSequenceNumber)) { try ChangeID(id) }
    }

    @Test("A tilde without digits behind it means nothing", arguments: ["c~", "c~1a", "c~a", "c~-1", "c~1.0", "c~1~"])
    func plainTildes(_ id: String) throws {
        #expect(try ChangeID(id).form == .plain)
    }

    @Test("A UUIDv7 says when it was made: the example of RFC 9562, appendix A.6")
    func version7() throws {
        #expect(
            try ChangeID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F").form == .timed(milliseconds: 0x017F_22E2_79B0))
        #expect(
            try ChangeID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").form == .timed(milliseconds: 0x017F_22E2_79B0))
    }

    @Test(
        "Only the variant and version of RFC 9562 make a UUIDv7",
        arguments: [
            "017F22E2-79B0-4CC3-98C4-DC0C0C07398F", "017F22E2-79B0-7CC3-78C4-DC0C0C07398F",
            "017F22E2-79B0-7CC3-C8C4-DC0C0C07398F", "017F22E2079B0-7CC3-98C4-DC0C0C07398F",
            "017F22E279B07CC398C4DC0C0C07398F", "017F22E2-79B0-7CC3-98C4-DC0C0C07398G",
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F0",
        ])
    func notVersion7(_ id: String) throws {
        #expect(try ChangeID(id).form == .plain)
    }

    @Test("All four variants 8, 9, a and b are a UUIDv7's", arguments: ["8", "9", "a", "B"])
    func variants(_ digit: String) throws {
        let id = try ChangeID("00000000-0001-7000-\(digit)000-000000000000")
        #expect(id.form == .timed(milliseconds: 1))
    }

    @Test("Every refusal says in words what is wrong")
    func words() {
        for text in ["", String(repeating: "x", count: 200), "-a", "a b"] {
            do throws(InvalidIdentifier) {
                _ = try ApplicationID(text)
                Issue.record("“\(text)” was taken")
            } catch {
                #expect(error.description.contains("application id"))
            }
        }
    }

    @Test("What is a valid change id is the same for bytes as for text")
    func bytesAndText() {
        var numbers = SeededNumbers(seed: 11)
        let alphabet = Array("0019aZ~~~.-_ é/".utf8)
        var valid = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                alphabet.randomElement(using: &numbers) ?? 0
            }
            let id = try? ChangeID(String(decoding: bytes, as: UTF8.self))
            #expect((id != nil) == ChangeID.isValid(bytes.span), "\(bytes)")
            if let id {
                valid += 1
                #expect(ChangeID(valid: id.description) == id)
            }
        }
        #expect(valid > 1_000)
        for count in [127, 128, 129] {
            #expect(ChangeID.isValid([UInt8](repeating: UInt8(ascii: "a"), count: count).span) == (count <= 128))
        }
        for text in [
            "c~9007199254740991", "c~9007199254740992", "c~0", "c~01", "c~1", "c~", "~1", "c~18446744073709551617",
        ] {
            #expect(((try? ChangeID(text)) != nil) == ChangeID.isValid(Array(text.utf8).span), "\(text)")
        }
    }
}
