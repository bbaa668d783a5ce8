import Testing
import Webhooks

@Suite("Signatures of webhooks")
struct SignatureTests {
    private static let first = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let second = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    @Test(
        "A request is signed as Standard Webhooks has it",
        arguments: [
            (
                first, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, #"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
            ),
            (
                second, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553,
                #"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
            ),
            (
                first, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "",
                "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="
            ),
        ] as [(String, String, Int64, String, String)])
    func vectors(secret: String, id: String, time: Int64, body: String, signature: String) throws {
        let ring = SecretRing(try WebhookSecret(secret))
        #expect(ring.signatures(id: id, timestamp: time, body: Array(body.utf8)) == signature)
    }

    @Test("While a secret is replaced both sign, the new one first, until the old one has had its time")
    func rotation() throws {
        let (old, new) = (try WebhookSecret(Self.second), try WebhookSecret(Self.first))
        let time: Int64 = 1_614_265_330
        let ring = try #require(SecretRing(old).rotated(to: new, at: UInt64(time - 60) * 1_000, grace: 120))
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
        let present = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        #expect(
            ring.signatures(id: id, timestamp: time, body: body)
                == present + " v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=")
        #expect(ring.signing(at: UInt64(time + 61) * 1_000) == [new])
        let kept = try #require(SecretRing(stored: ring.stored))
        #expect(kept == ring)
        #expect(SecretRing(old).rotated(to: new, at: 0, grace: 0)?.old.isEmpty == true)
    }

    @Test("No more than ten old secrets sign; those whose time is over do not count")
    func bound() throws {
        var ring = SecretRing(.random())
        for _ in 0..<WebhookLimits.oldSecrets {
            ring = try #require(ring.rotated(to: .random(), at: 1_000, grace: 60))
        }
        #expect(ring.rotated(to: .random(), at: 2_000, grace: 60) == nil)
        #expect(ring.rotated(to: .random(), at: 2_000, grace: 0) != nil)
        #expect(ring.rotated(to: .random(), at: 62_000, grace: 60)?.old.count == 1)
    }

    @Test("A secret has 24 to 64 bytes in base64 behind its mark, and is written as it was given")
    func secrets() throws {
        func secret(_ count: Int) -> String {
            // 3 bytes are 4 letters.
            "whsec_" + String(repeating: "A", count: count / 3 * 4)
                + (count % 3 == 1 ? "AA==" : count % 3 == 2 ? "AAA=" : "")
        }
        for count in [24, 25, 26, 64] { #expect(try WebhookSecret(secret(count)).text == secret(count)) }
        for text in [secret(23), secret(65), String(secret(24).dropFirst(6)), "whsec_*", "whsec_", ""] {
            #expect(throws: WebhookFault.self, "\(text)") { try WebhookSecret(text) }
        }
        #expect(WebhookSecret.random() != WebhookSecret.random())
        #expect(try WebhookSecret(WebhookSecret.random().text).bytes.count == 32)
    }
}
