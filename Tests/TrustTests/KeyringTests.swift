import Crypto
import Documents
import Foundation
import Grants
import Testing

@testable import Trust

/// Keys and tokens of a test.
struct TestKeys {
    let secret: SigningKey
    let secretDocument: Document
    let open: Document

    init(_ id: String = "k1") async throws {
        (secretDocument, open) = KeyMaking.es256(id: id)
        secret = try await SigningKey(secretDocument, mayBePrivate: true)
    }

    /// A key file with this key.
    func file(_ more: String = "") -> [UInt8] {
        Array(#"{"issuer":"me","audience":"cistern","keys":[\#(open.text)]\#(more)}"#.utf8)
    }

    static func claims(_ changes: [String: Document?] = [:]) -> Document {
        var claims: [String: Document] = [
            "iss": .string("me"), "aud": .string("cistern"), "exp": .integer(1_000), "sub": .string("alice"),
            "scope": .string("poll:*"),
        ]
        for (name, value) in changes { claims[name] = value }
        return .object(claims.map { ($0.key, $0.value) })
    }

    func token(_ changes: [String: Document?] = [:]) throws -> [UInt8] {
        Array(try secret.sign(Self.claims(changes)).utf8)
    }
}

extension Document {
    var text: String { String(decoding: encoded(), as: UTF8.self) }
}

@Suite("Keys and tokens")
struct KeyringTests {
    private func refusal(_ keyring: Keyring, _ token: [UInt8], now: Double = 0) -> TokenRefusal? {
        do throws(TokenRefusal) {
            _ = try keyring.verify(token, now: now)
            return nil
        } catch { return error }
    }

    @Test("A token of a key in the file is believed until it expires")
    func believed() async throws {
        let keys = try await TestKeys()
        let keyring = try await Keyring(parsing: keys.file())
        let token = try keys.token()
        let verified = try keyring.verify(token, now: 999.9)
        #expect(verified.name == "alice" && verified.expires == 1_000)
        #expect(verified.grant == (try Grant("poll:*")))
        #expect(keyring.identities == [verified.key])
        #expect(refusal(keyring, token, now: 1_000) == .expired)
    }

    @Test("Each claim is checked")
    func claims() async throws {
        let keys = try await TestKeys()
        let keyring = try await Keyring(parsing: keys.file())
        for (changes, wanted) in [
            (["iss": .string("you")], .wrongIssuer), (["iss": nil], .wrongIssuer),
            (["aud": .string("x")], .wrongAudience),
            (["aud": nil], .wrongAudience), (["aud": .array([.string("x"), .string("cistern")])], nil),
            (["aud": .array([.string("x")])], .wrongAudience), (["exp": nil], .noExpiry),
            (["exp": .string("1000")], .malformed("“exp” is no number of seconds")),
            (["nbf": .integer(31)], .notYetValid), (["nbf": .integer(30)], nil),
            (["scope": nil], .badScope(ScopeError("There is no claim “scope”."))), (["scope": .string("")], nil),
        ] as [([String: Document?], TokenRefusal?)] {
            #expect(refusal(keyring, try keys.token(changes)) == wanted, "\(changes)")
        }
        if case .badScope = refusal(keyring, try keys.token(["scope": .string("poll:* fly:*")])) {
        } else {
            Issue.record("A scope that is not understood was passed over")
        }
    }

    @Test("A token chooses neither its key's algorithm nor none, and its signature is checked")
    func signatures() async throws {
        let keys = try await TestKeys()
        let keyring = try await Keyring(parsing: keys.file())
        func token(_ header: String, _ signature: String) -> [UInt8] {
            let payload = Base64URL.encode(TestKeys.claims().encoded())
            return Array("\(Base64URL.encode(header.utf8)).\(payload).\(signature)".utf8)
        }
        #expect(refusal(keyring, token(#"{"alg":"none","kid":"k1"}"#, "")) == .wrongAlgorithm("none", wanted: "ES256"))
        // The public key as a shared secret: the classic confusion.
        let header = #"{"alg":"HS256","kid":"k1"}"#
        let signed = Base64URL.encode(header.utf8) + "." + Base64URL.encode(TestKeys.claims().encoded())
        let mac = HMAC<SHA256>.authenticationCode(
            for: Array(signed.utf8), using: SymmetricKey(data: keys.open.encoded()))
        #expect(refusal(keyring, token(header, Base64URL.encode(mac))) == .wrongAlgorithm("HS256", wanted: "ES256"))
        #expect(refusal(keyring, token(#"{"alg":"ES256","kid":"k2"}"#, "")) == .unknownKey("k2"))
        #expect(refusal(keyring, token(#"{"alg":"ES256"}"#, "")) == .unknownKey(nil))
        #expect(refusal(keyring, token(#"{"alg":"ES256","kid":"k1"}"#, "")) == .badSignature)
        #expect(
            refusal(keyring, token(#"{"alg":"ES256","kid":"k1"}"#, Base64URL.encode(Array(repeating: 7, count: 64))))
                == .badSignature)
        let other = try await TestKeys()
        #expect(refusal(keyring, try other.token()) == .badSignature)
        // One bit of each part.
        let good = try keys.token()
        for index in good.indices where good[index] != UInt8(ascii: ".") {
            var bad = good
            bad[index] = bad[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(refusal(keyring, bad) != nil, "byte \(index)")
        }
        for header in [
            #"{"alg":"ES256","kid":"k1","crit":["x"]}"#, #"{"alg":"ES256","alg":"none","kid":"k1"}"#, "[]", "",
        ] {
            if case .malformed = refusal(keyring, token(header, "")) {} else { Issue.record("\(header)") }
        }
        for text in ["", ".", "..", "a.b", "a.b.c.d", "a=.b.c", String(repeating: "a", count: 9_000)] {
            if case .malformed = refusal(keyring, Array(text.utf8)) {} else { Issue.record("\(text)") }
        }
    }

    @Test("Several keys are told apart by their id, and every algorithm is for its kind of key")
    func several() async throws {
        let (one, two) = (try await TestKeys("one"), try await TestKeys("two"))
        let secret = Base64URL.encode(Array(repeating: 1, count: 32))
        let shared = try Document(parsing: Array(#"{"kty":"oct","alg":"HS256","kid":"three","k":"\#(secret)"}"#.utf8))
        let file = #"{"issuer":"me","audience":"cistern","keys":[\#(one.open.text),\#(two.open.text),\#(shared.text)]}"#
        let keyring = try await Keyring(parsing: Array(file.utf8))
        for keys in [one, two] { #expect(refusal(keyring, try keys.token()) == nil) }
        let third = try await SigningKey(shared, mayBePrivate: false)
        #expect(refusal(keyring, Array(try third.sign(TestKeys.claims()).utf8)) == nil)
        let without = try await Keyring(parsing: one.file())
        #expect(refusal(without, try two.token()) == .unknownKey("two"))
    }

    @Test("An API key is known by the hash in the file, and no other secret is")
    func apiKeys() async throws {
        let (text, record) = APIKey.make(id: "dash", grant: try Grant("metrics"), expires: nil)
        let (brief, briefRecord) = APIKey.make(id: "brief", grant: try Grant("poll:*"), expires: 50)
        let keyring = try await Keyring(parsing: Array("{\"api_keys\":[\(record.text),\(briefRecord.text)]}".utf8))
        #expect(try keyring.verify(Array(text.utf8), now: 0).grant == Grant("metrics"))
        #expect(refusal(keyring, Array(brief.utf8), now: 49) == nil)
        #expect(refusal(keyring, Array(brief.utf8), now: 50) == .expired)
        #expect(!"\(record.text)".contains(text.split(separator: "_", maxSplits: 2)[2]))
        let (other, _) = APIKey.make(id: "dash", grant: try Grant("metrics"), expires: nil)
        for bad in [other, text + "A", String(text.dropLast()), "ck_dash_", "ck_", "ck_nobody_" + text.dropFirst(8)] {
            #expect(refusal(keyring, Array(bad.utf8)) == .unknownAPIKey, "\(bad)")
        }
    }

    @Test("A key is another one as soon as anything else is said of it, and only then")
    func identities() async throws {
        let keys = try await TestKeys()
        let (_, record) = APIKey.make(id: "a", grant: try Grant("poll:*"), expires: nil)
        func identities(_ issuer: String, _ record: String) async throws -> Set<KeyIdentity> {
            let file = #"{"issuer":"\#(issuer)","audience":"c","keys":[\#(keys.open.text)],"api_keys":[\#(record)]}"#
            return Set(try await Keyring(parsing: Array(file.utf8)).identities)
        }
        let first = try await identities("me", record.text)
        #expect(first.count == 2)
        #expect(try await identities("me", " " + record.text) == first)
        let narrowed = record.text.replacing("poll:*", with: "poll:b")
        #expect(try await identities("me", narrowed).intersection(first).count == 1)
        #expect(try await identities("you", record.text).intersection(first).count == 1)
    }

    @Test("A file that is not understood in full is not used, and says where")
    func files() async throws {
        let keys = try await TestKeys()
        let (_, record) = APIKey.make(id: "a", grant: try Grant("poll:*"), expires: nil)
        for (file, word) in [
            ("", "JSON"), ("[]", "object"), ("{}", "no key"), (#"{"keyz":[]}"#, "keyz"), (#"{"keys":{}}"#, "array"),
            (#"{"keys":[\#(keys.open.text)]}"#, "issuer"),
            (#"{"issuer":"a","audience":"b","keys":[\#(keys.open.text),\#(keys.open.text)]}"#, "/keys/1"),
            (#"{"issuer":"a","audience":"b","keys":[\#(keys.secretDocument.text)]}"#, "private"),
            (#"{"issuer":"a","audience":"b","keys":[{"kty":"EC"}]}"#, "kid"),
            (#"{"issuer":"a","audience":"b","keys":[{"kty":"EC","kid":"x"}]}"#, "alg"),
            (#"{"issuer":"a","audience":"b","keys":[{"kty":"EC","kid":"x","alg":"none"}]}"#, "alg"),
            (#"{"issuer":"a","audience":"b","keys":[{"kty":"EC","kid":"x","alg":"HS256","k":"AAAA"}]}"#, "alg"),
            (
                #"{"issuer":"a","audience":"b","keys":[{"kty":"EC","crv":"P-256","kid":"x","alg":"ES256","x":"AA","y":"AA"}]}"#,
                "x"
            ),
            (#"{"issuer":"a","audience":"b","keys":[{"kty":"oct","kid":"x","alg":"HS256","k":"AAAA"}]}"#, "32 bytes"),
            (
                #"{"issuer":"a","audience":"b","keys":[{"kty":"RSA","kid":"x","alg":"RS256","n":"AAAA","e":"AQAB"}]}"#,
                "2048"
            ),
            (#"{"api_keys":[\#(record.text),\#(record.text)]}"#, "/api_keys/1"),
            (#"{"api_keys":[{"id":"a_b"}]}"#, "id"),
            (#"{"api_keys":[{"id":"a"}]}"#, "salt"),
        ] {
            do {
                _ = try await Keyring(parsing: Array(file.utf8))
                Issue.record("\(file) was taken")
            } catch {
                #expect(error.description.contains(word), "\(file): \(error)")
            }
        }
    }

    @Test("Base64 for URLs has one spelling for the same bytes")
    func base64() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
            let text = Base64URL.encode(bytes)
            #expect(
                text
                    == Data(bytes).base64EncodedString().replacing("=", with: "").replacing("+", with: "-").replacing(
                        "/", with: "_"))
            #expect(Base64URL.decode(text) == bytes)
        }
        for text in ["A", "AA=", "AB", "AAB", "A+", "A/", "A A", "é"] {
            #expect(Base64URL.decode(text) == nil, "\(text)")
        }
    }
}
