import Testing
import Webhooks

@Suite("What a receiver believes")
struct VerificationTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let time: Int64 = 1_614_265_330
    private static let body = #"{"test": 2432232314}"#
    private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private static let fields = [
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "\(time)", "webhook-signature": signature,
    ]

    private func outcome(
        _ changes: [String: String?] = [:], body: String = body, now: Int64 = time, secrets: [String] = [secret]
    ) throws -> VerificationFault? {
        var fields = Self.fields
        for (name, value) in changes { fields[name] = value }
        let verifier = WebhookVerifier(try secrets.map { try WebhookSecret($0) })
        do throws(VerificationFault) {
            let request = try verifier.verify(field: { fields[$0] }, body: Array(body.utf8), now: now)
            #expect(request.id == Self.fields["webhook-id"] && request.timestamp == Self.time)
            return nil
        } catch { return error }
    }

    @Test("What Standard Webhooks' example signs, also by one of several secrets and among other signatures")
    func believed() throws {
        #expect(try outcome() == nil)
        #expect(try outcome(secrets: ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", Self.secret]) == nil)
        #expect(try outcome(["webhook-signature": "v1a,AAAA v1,AAAA nonsense \(Self.signature)"]) == nil)
    }

    @Test("Another body, id, time or secret is not what was signed; neither are signatures of another kind or length")
    func unsigned() throws {
        #expect(try outcome(body: Self.body + " ") == .unsigned)
        #expect(try outcome(["webhook-id": "msg_other"]) == .unsigned)
        #expect(try outcome(["webhook-timestamp": "\(Self.time + 1)"]) == .unsigned)
        #expect(try outcome(secrets: ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]) == .unsigned)
        #expect(try outcome(secrets: []) == .unsigned)
        for wrong in [
            "v2" + Self.signature.dropFirst(2), String(Self.signature.dropLast(5)), "v1,", "v1", " ", "v1,%%%",
            Self.signature.lowercased(),
        ] {
            #expect(try outcome(["webhook-signature": wrong]) == .unsigned, "\(wrong)")
        }
    }

    @Test("Five minutes to either side are believed, more are not, whoever has signed")
    func time() throws {
        for age in [-300, -1, 1, 300] as [Int64] { #expect(try outcome(now: Self.time + age) == nil) }
        for age in [-301, 301, 86_400] as [Int64] {
            #expect(try outcome(now: Self.time + age) == .untimely(age: age))
        }
    }

    @Test("What is missing or no time is told by name")
    func malformed() throws {
        for name in Self.fields.keys {
            #expect(try outcome([name: String?.none]) == .missing(name))
            #expect(try outcome([name: ""]) == .missing(name))
        }
        for wrong in ["soon", "-1", "1.5", "99999999999999999999", "+5", " 5"] {
            #expect(try outcome(["webhook-timestamp": wrong]) == .malformedTimestamp, "\(wrong)")
        }
    }
}
