import HTTPService
import HTTPTypes
import Testing

@Suite("Idempotency-Key")
struct IdempotencyKeyTests {
    /// Nil if it is refused.
    private static func key(_ fields: String..., characters: ClosedRange<Int> = 1...10) throws -> String? {
        var headers = HTTPFields()
        for field in fields { headers.append(HTTPField(name: .idempotencyKey, value: field)) }
        do { return try headers.idempotencyKey(characters: characters) } catch {
            #expect(error.kind == .invalidIdempotencyKey)
            return nil
        }
    }

    @Test(
        "A string in quotes is its characters; a token is the same string",
        arguments: [
            (#""k-1""#, "k-1"), ("k-1", "k-1"), (#"  "k-1"  "#, "k-1"), (#""a b""#, "a b"), (#"" ""#, " "),
            (#""a\"b""#, #"a"b"#), (#""a\\b""#, #"a\b"#), (#""\\\"""#, #"\""#), (#""a,b;c=d""#, "a,b;c=d"),
            (#""~!@#$%^&*""#, "~!@#$%^&*"), ("a.b_c~d!", "a.b_c~d!"),
        ])
    func strings(field: String, expected: String) throws {
        #expect(try Self.key(field) == expected)
    }

    @Test(
        "What is neither is refused",
        arguments: [
            "", " ", #""""#, #"""#, #""k"#, #"k""#, #""a"b""#, #""a\""#, #""a\b""#, #""\a""#, #""a" "b""#, #""a", "b""#,
            "a b", "a,b", "a;b=1", #""a";b=1"#, "a/b", "a=b", "(a)", ":YQ==:", "{}", "é", #""é""#, "\"a\u{301}\"",
            "\"\u{1F600}\"",
            "\"a\tb\"",
        ])
    func nonsense(field: String) throws {
        #expect(try Self.key(field) == nil, "\(field)")
    }

    @Test("It has as many characters as it may, counted without quotes and backslashes")
    func bounds() throws {
        for text in [String(repeating: "k", count: 10), "\"\(String(repeating: "k", count: 10))\""] {
            #expect(try Self.key(text) != nil)
        }
        #expect(try Self.key("\"\(String(repeating: #"\""#, count: 10))\"") == String(repeating: #"""#, count: 10))
        for text in [String(repeating: "k", count: 11), "\"\(String(repeating: "k", count: 11))\""] {
            #expect(try Self.key(text) == nil)
        }
        #expect(try Self.key("k", characters: 2...3) == nil)
        #expect(try Self.key("8e03978e-40d5-43dd-bc93-6894a57f9324", characters: 1...255) != nil)
        #expect(try Self.key(String(repeating: "k", count: 100_000)) == nil)
    }

    @Test("Without the field, and with two, nothing is taken, also if they say the same")
    func count() throws {
        #expect(try Self.key() == nil)
        #expect(try Self.key("k", "k") == nil)
        #expect(try Self.key(#""k""#, "k") == nil)
    }
}
