import Documents
import Fold
import Testing
import Webhooks

/// The members that there have to be.
private let smallest = #""url":"https://example.org/x","apps":["board"],"event_types":["state.changed"]"#

@Suite("Subscriptions of webhooks")
struct SubscriptionTests {
    private func subscription(_ text: String) throws -> Subscription {
        try Subscription(Document(parsing: Array(text.utf8)), rules: AddressRules())
    }

    @Test("The smallest one has the usual schedule, the whole state and no limit")
    func usual() throws {
        let one = try subscription("{\(smallest)}")
        #expect(one.schedule == .usual && one.path == .root && one.rate == nil && one.headers.isEmpty)
        #expect(one.wants(.stateChanged, of: try ApplicationID("board")))
        #expect(!one.wants(.stateChanged, of: try ApplicationID("board2")))
        #expect(!one.wants(.changeRejected, of: try ApplicationID("board")))
    }

    @Test("Everything that may be asked for is taken")
    func everything() throws {
        let one = try subscription(
            #"{"url":"https://example.org/","apps":["alice.*","bob"],"event_types":["operation.succeeded","webhook.disabled"],"path":"/a/b","retry":{"pauses_s":[1,2]},"rate_limit":5,"headers":{"Authorization":"Bearer x","X-A":"b"}}"#
        )
        #expect(one.schedule.pauses == [.seconds(1), .seconds(2)] && one.rate == 5 && "\(one.path)" == "/a/b")
        #expect(one.headers.map(\.name).sorted() == ["Authorization", "X-A"])
        #expect(one.wants(.operationSucceeded, of: try ApplicationID("alice.x")))
    }

    @Test(
        "What is wrong is said with its place",
        arguments: [
            ("[]", ""), ("{}", ""), (#"{"url":1}"#, "/url"), (#"{\#(smallest),"x":1}"#, "/x"),
            (#"{\#(smallest),"path":"a"}"#, "/path"), (#"{\#(smallest),"rate_limit":0}"#, "/rate_limit"),
            (#"{\#(smallest),"retry":[]}"#, "/retry"), (#"{\#(smallest),"retry":{"x":1}}"#, "/retry/x"),
            (#"{\#(smallest),"retry":{"pauses_s":[0]}}"#, "/retry/pauses_s"),
            (#"{\#(smallest),"retry":{"pauses_s":5}}"#, "/retry/pauses_s"),
            (#"{"url":"https://example.org/","event_types":["state.changed"]}"#, "/apps"),
            (#"{"url":"https://example.org/","apps":[],"event_types":["state.changed"]}"#, "/apps"),
            (#"{"url":"https://example.org/","apps":["a b"],"event_types":["state.changed"]}"#, "/apps/0"),
            (#"{"url":"https://example.org/","apps":["a",1],"event_types":["state.changed"]}"#, "/apps/1"),
            (#"{"url":"https://example.org/","apps":["a"]}"#, "/event_types"),
            (#"{"url":"https://example.org/","apps":["a"],"event_types":["state.changed","x"]}"#, "/event_types/1"),
            (#"{"url":"https://example.org/","apps":["a"],"event_types":["webhook.test"]}"#, "/event_types/0"),
            (#"{\#(smallest),"headers":{"X":1}}"#, "/headers/X"),
            (#"{\#(smallest),"headers":{"X Y":"a"}}"#, "/headers/X Y"),
            (#"{\#(smallest),"headers":{"X":"a\r\nHost: b"}}"#, "/headers/X"),
            (#"{\#(smallest),"headers":{"X":"a","x":"b"}}"#, "/headers/x"),
        ])
    func faults(_ text: String, _ pointer: String) throws {
        let fault = #expect(throws: WebhookFault.self) { try subscription(text) }
        #expect(fault?.pointer == pointer && fault?.kind == .invalid)
    }

    @Test(
        "No subscriber replaces our fields, the host or the framing",
        arguments: [
            "Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect",
            "Content-Type", "Content-Encoding", "Webhook-Id", "webhook-signature", "WEBHOOK-TIMESTAMP",
            "Proxy-Authorization",
            "User-Agent", "Keep-Alive",
        ])
    func reserved(_ name: String) throws {
        #expect(throws: WebhookFault.self) { try subscription(#"{\#(smallest),"headers":{"\#(name)":"x"}}"#) }
    }

    @Test("Who may know of a webhook's troubles is who may know of all that it is about")
    func covering() throws {
        func of(_ apps: String) throws -> Subscription {
            try subscription(#"{"url":"https://example.org/","apps":[\#(apps)],"event_types":["webhook.disabled"]}"#)
        }
        #expect(try of(#""*""#).covers(of(#""a","b.*""#)))
        #expect(try of(#""a","b.*""#).covers(of(#""b.c","a""#)))
        #expect(try !of(#""a""#).covers(of(#""a","b""#)))
        #expect(try !of(#""b.c""#).covers(of(#""b.*""#)))
    }

    @Test(
        "The same event for the same webhook has the same id, another one another; it says its partition and has no dots"
    )
    func deliveryIDs() throws {
        let hook = HookName(id: try WebhookID("a.b~c"), creation: "x1")
        #expect(HookName("\(hook)") == hook)
        let id = DeliveryID(partition: 63, event: "1-0", to: hook)
        #expect(id == DeliveryID(partition: 63, event: "1-0", to: hook) && DeliveryID("\(id)") == id)
        #expect(id.partition == 63 && !"\(id)".contains(".") && "\(id)".hasPrefix("msg_03f"))
        #expect(id != DeliveryID(partition: 63, event: "1-1", to: hook))
        #expect(id != DeliveryID(partition: 62, event: "1-0", to: hook))
        #expect(id != DeliveryID(partition: 63, event: "1-0", to: HookName(id: hook.id, creation: "x2")))
        for text in ["", "msg_", "msg_03f", "\(id)0", "x\(id)", "\(id)".uppercased()] {
            #expect(DeliveryID(text) == nil)
        }
    }

    @Test(
        "A recovery begins no more than fourteen days ago",
        arguments: [
            (#"{"since":"2026-11-20T00:00:00Z"}"#, nil), (#"{"since":"2026-11-07T00:00:01Z"}"#, nil),
            (#"{"since":"2026-11-06T23:59:59Z"}"#, "/since"), (#"{}"#, ""), (#"{"since":"x"}"#, "/since"),
            (#"{"since":"2026-11-20T00:00:00Z","until":"2026-11-19T00:00:00Z"}"#, "/since"),
            (#"{"since":"2026-11-20T00:00:00Z","scope":"some"}"#, "/scope"),
            (#"{"since":"2026-11-20T00:00:00Z","scope":"all"}"#, nil),
        ] as [(String, String?)])
    func recoveries(_ text: String, _ pointer: String?) throws {
        let now = try #require(RFC3339.milliseconds("2026-11-21T00:00:00Z"))
        let document = try Document(parsing: Array(text.utf8))
        guard let pointer else {
            let request = try RecoverRequest(document, now: now)
            #expect(request.until == now)
            return
        }
        #expect(#expect(throws: WebhookFault.self) { try RecoverRequest(document, now: now) }?.pointer == pointer)
    }
}
