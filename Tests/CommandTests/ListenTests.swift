import Documents
import Testing
import Webhooks

@testable import cistern

@Suite("What cistern listen makes of requests")
struct ListenTests {
    private static let now: Int64 = 1_800_000_000

    private struct Sender {
        let secret = WebhookSecret.random()

        func request(_ id: String, _ body: String = #"{"type":"a","data":{"app":"board"}}"#, at time: Int64 = now)
            -> ([String: String], [UInt8])
        {
            let bytes = Array(body.utf8)
            return (
                [
                    "webhook-id": id, "webhook-timestamp": "\(time)",
                    "webhook-signature": secret.signature(id: id, timestamp: time, body: bytes),
                ], bytes
            )
        }
    }

    private func answer(
        _ reception: inout Reception, _ request: ([String: String], [UInt8]), method: String = "POST"
    ) -> (status: Int, delivered: Reception.Delivered?) {
        let (fields, body) = request
        switch reception.take(method: method, field: { fields[$0] }, body: body, now: Self.now) {
        case .delivered(let delivered): return (delivered.status, delivered)
        case .refused(let status, _): return (status, nil)
        }
    }

    @Test(
        "What is signed is taken; what lacks a field is 400, what is not signed or old is 401, what is no POST is 405")
    func refusals() {
        let (sender, other) = (Sender(), Sender())
        var reception = Reception(secrets: [sender.secret], choice: .init())
        let taken = answer(&reception, sender.request("m1"))
        #expect(taken.status == 200 && taken.delivered?.type == "a" && taken.delivered?.application == "board")
        #expect(answer(&reception, other.request("m2")).status == 401)
        #expect(answer(&reception, sender.request("m3", at: Self.now - 301)).status == 401)
        #expect(answer(&reception, sender.request("m3", at: Self.now - 300)).status == 200)
        var lacking = sender.request("m4")
        lacking.0["webhook-id"] = nil
        #expect(answer(&reception, lacking).status == 400)
        #expect(answer(&reception, sender.request("m5"), method: "GET").status == 405)
    }

    @Test("What was taken before is a repeat, and what was refused with 503 another attempt")
    func repeats() {
        let sender = Sender()
        var reception = Reception(secrets: [sender.secret], choice: .init(status: 204, failures: 2))
        let seen = (1...4).map { _ in answer(&reception, sender.request("m1")) }
        #expect(seen.map(\.status) == [503, 503, 204, 204])
        #expect(seen.map { $0.delivered?.isRepeat } == [false, false, false, true])
        #expect(seen.map { $0.delivered?.count } == [1, 2, 3, 4])
        // What is refused is not remembered.
        _ = answer(&reception, Sender().request("m2"))
        #expect(answer(&reception, sender.request("m2")).delivered?.count == 1)
    }

    @Test("Ten thousand ids are remembered, and the oldest forgotten first")
    func bound() {
        let sender = Sender()
        var reception = Reception(secrets: [sender.secret], choice: .init())
        for number in 0..<10_001 { _ = answer(&reception, sender.request("m\(number)")) }
        #expect(answer(&reception, sender.request("m1")).delivered?.isRepeat == true)
        #expect(answer(&reception, sender.request("m0")).delivered?.isRepeat == false)
    }

    @Test("One line for each, with what may not move the cursor taken out; the whole body, or JSON, where wanted")
    func printing() throws {
        let sender = Sender()
        var reception = Reception(secrets: [sender.secret], choice: .init(failures: 1))
        let body = #"{"type":"state.changed","timestamp":"t","data":{"app":"board","n":"\u001b[31m"}}"#
        func lines(_ form: ReceptionPrinting.Form) -> [String] {
            let (fields, bytes) = sender.request("m1", body)
            let outcome = reception.take(method: "POST", field: { fields[$0] }, body: bytes, now: Self.now)
            return ReceptionPrinting.lines(outcome, at: "06:00", as: form)
        }
        #expect(lines(.line) == [#"06:00  m1  state.changed  board  → 503  {"app":"board","n":"\u001b[31m"}"#])
        let whole = lines(.body)
        #expect(whole.first == "06:00  m1  state.changed  board  → 200  attempt 2")
        #expect(whole.contains(#"      "app": "board","#), "\(whole)")
        let json = try Document(parsing: Array(lines(.json)[0].utf8))
        #expect(json["repeat"]?.boolValue == true && json["count"]?.integerValue == 3)
        #expect(json["body"]?["data"]?["app"]?.stringValue == "board")
        let refused = ReceptionPrinting.lines(
            reception.take(method: "PUT\u{1B}", field: { _ in nil }, body: [], now: 0), at: "06:00", as: .line)
        #expect(refused == ["06:00  refused with 405  A webhook comes as POST, not as PUT\u{FFFD}."])
    }
}
