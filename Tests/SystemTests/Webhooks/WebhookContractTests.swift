import Documents
import Receivers
import SystemSupport
import TestSupport
import Testing
import Webhooks

@Suite("The contract of webhooks", .timeLimit(.minutes(20)))
struct WebhookContractTests {
    private static let smallest =
        #"{"url":"https://example.org/","apps":["board"],"event_types":["state.changed"]}"#

    @Test("Made, seen, changed under a condition, and deleted; its secret is shown once")
    func life() async throws {
        try await withCistern { system in
            let made = try await system.hooks("PUT", "webhooks/w1", Self.smallest, headers: [("If-None-Match", "*")])
            #expect(made.status == 201 && made.member("secret")?.stringValue?.hasPrefix("whsec_") == true)
            let tag = try #require(made["ETag"])
            #expect(
                try await system.hooks("PUT", "webhooks/w1", Self.smallest, headers: [("If-None-Match", "*")]).refusal
                    == "412 precondition-failed")
            let seen = try await system.hooks("GET", "webhooks/w1")
            #expect(seen.status == 200 && seen["ETag"] == tag && seen.member("secret") == nil)
            #expect(seen.member("status")?.stringValue == "enabled")
            #expect(try await system.hooks("GET", "webhooks/w1", headers: [("If-None-Match", tag)]).status == 304)
            let patched = try await system.send(
                "PATCH", "/v1/webhooks/w1",
                headers: [("Content-Type", "application/merge-patch+json"), ("If-Match", tag)],
                body: Array(#"{"rate_limit":3}"#.utf8), to: system.bucket)
            #expect(patched.status == 200 && patched.member("rate_limit")?.integerValue == 3 && patched["ETag"] != tag)
            #expect(
                try await system.hooks("PUT", "webhooks/w1", Self.smallest, headers: [("If-Match", tag)]).refusal
                    == "412 precondition-failed")
            let put = try await system.hooks("PUT", "webhooks/w1", Self.smallest)
            #expect(put.status == 200 && put.member("rate_limit") == nil && put.member("secret") == nil)
            let list = try await system.hooks("GET", "webhooks").member("webhooks")
            #expect(list?.count == 1 && list?[0]?["secret"] == nil)
            #expect(
                try await system.hooks("DELETE", "webhooks/w1", headers: [("If-Match", tag)]).refusal
                    == "412 precondition-failed")
            #expect(try await system.hooks("DELETE", "webhooks/w1").status == 204)
            for (method, path) in [
                ("GET", ""), ("DELETE", ""), ("POST", ":test"), ("POST", ":enable"), ("POST", ":disable"),
                ("POST", "/secret:rotate"),
            ] {
                #expect(try await system.hooks(method, "webhooks/w1\(path)").refusal == "404 unknown-webhook")
            }
            let missing = "deliveries/msg_000\(String(repeating: "0", count: 30))"
            #expect(try await system.hooks("GET", missing).refusal == "404 unknown-delivery")
            #expect(try await system.hooks("GET", missing + "/attempts").refusal == "404 unknown-delivery")
            #expect(try await system.hooks("POST", missing + ":replay").refusal == "404 unknown-delivery")
            #expect(try await system.hooks("GET", "deliveries/x").refusal == "404 unknown-delivery")
        }
    }

    @Test("What is not valid is refused, with its place")
    func refusals() async throws {
        try await withCistern { system async throws -> Void in
            func refusal(_ body: String, type: String = "application/json") async throws -> String {
                let answer = try await system.send(
                    "PUT", "/v1/webhooks/w1", headers: [("Content-Type", type)], body: Array(body.utf8),
                    to: system.bucket)
                return answer.refusal + " " + (answer.member("pointer")?.stringValue ?? "")
            }
            #expect(try await refusal("{}") == "422 invalid-webhook ")
            #expect(
                try await refusal(Self.smallest.replacing("state.changed", with: "x"))
                    == "422 invalid-webhook /event_types/0")
            #expect(
                try await refusal(Self.smallest.dropLast() + #","secret":"whsec_AAAA"}"#)
                    == "422 invalid-webhook /secret")
            for url in ["https://10.0.0.1/", "https://user@example.org/", "ftp://x/", "http://127.0.0.1:80/"] {
                #expect(
                    try await refusal(Self.smallest.replacing("https://example.org/", with: url))
                        == "422 url-forbidden /url")
            }
            #expect(try await refusal("{") == "400 malformed-json ")
            #expect(try await refusal(Self.smallest, type: "text/plain") == "415 unsupported-webhook-type ")
            #expect(try await refusal(String(repeating: " ", count: 40_000)) == "413 webhook-too-large ")
            #expect(try await system.hooks("PUT", "webhooks/%20", Self.smallest).refusal == "400 invalid-id")
            #expect(try await system.hooks("GET", "deliveries?status=x").refusal == "400 invalid-parameter")
            #expect(try await system.hooks("GET", "deliveries?since=x").refusal == "400 invalid-parameter")
        }
    }

    @Test("While a secret is replaced both sign; more than ten old ones do not")
    func rotation() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver { receiver in
                let first = try await system.hook("w1", at: receiver.url()).member("secret")?.stringValue
                let own = WebhookSecret.random()
                let rotated = try await system.hooks(
                    "POST", "webhooks/w1/secret:rotate", #"{"secret":"\#(own.text)"}"#)
                #expect(rotated.status == 200 && rotated.member("secret")?.stringValue == own.text)
                #expect(try await system.hooks("POST", "webhooks/w1:test").status == 202)
                try await eventually("it arrives") { receiver.received.count == 1 }
                let seen = try #require(receiver.received.first)
                let time = try #require(seen["Webhook-Timestamp"].flatMap { Int64($0) })
                let expected = try [own, WebhookSecret(#require(first))].map {
                    $0.signature(id: seen.id, timestamp: time, body: seen.body)
                }
                #expect(seen["Webhook-Signature"] == expected.joined(separator: " "))
                for _ in 0..<9 { #expect(try await system.hooks("POST", "webhooks/w1/secret:rotate").status == 200) }
                #expect(try await system.hooks("POST", "webhooks/w1/secret:rotate").refusal == "409 too-many-secrets")
                #expect(
                    try await system.hooks("POST", "webhooks/w1/secret:rotate", #"{"grace_s":-1}"#).refusal
                        == "422 invalid-webhook")
            }
        }
    }

    @Test(
        "What happens while a webhook is disabled is skipped, and can be recovered; what waits for a deleted one is discarded"
    )
    func disabled() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ request, _ in request.path == "/bad" ? .answer(500) : .answer(200) }) { receiver in
                let since = try #require(
                    try await system.hook(
                        "w1", at: receiver.url("/good"), types: #""change.rejected","state.changed""#
                    ).member("created_at")?.stringValue)
                let disabled = try await system.hooks("POST", "webhooks/w1:disable")
                #expect(disabled.status == 200 && disabled.member("disabled")?["reason"]?.stringValue == "asked")
                try await system.reject("c1")
                #expect(try await system.outcome(#"{"a":1}"#, id: "c2") == "applied")
                try await eventually("it is skipped") { try await system.statuses("w1") == ["skipped"] }
                // Nobody wants to know of the state; its mark is let go.
                try await eventually(within: .seconds(20), "the state is quiet and forgotten") {
                    ["*}:dirty", "*}:changed"].allSatisfy {
                        (try? system.redis.command("KEYS", $0))?.contains("{") == false
                    }
                }
                let skipped = try #require(
                    try await system.deliveries("webhook=w1&status=skipped").first?["id"]?.stringValue)
                #expect(
                    try await system.hooks("POST", "deliveries/\(skipped):replay").refusal == "409 webhook-disabled")
                let wish = #"{"since":"\#(since)"}"#
                #expect(try await system.hooks("POST", "webhooks/w1:recover", wish).refusal == "409 webhook-disabled")
                #expect(try await system.hooks("POST", "webhooks/w1:enable").status == 200)
                #expect(receiver.received.isEmpty)
                let recovery = try await system.hooks("POST", "webhooks/w1:recover", wish)
                #expect(recovery.status == 202)
                let place = try #require(recovery["Operation-Location"])
                try await eventually(within: .seconds(30), "the recovery is done") {
                    try await system.send("GET", place + "?redirect=never", to: system.bucket).member("status")?
                        .stringValue == "succeeded"
                }
                try await eventually("what was missed arrives") {
                    Set(receiver.received.map(\.type)) == ["change.rejected", "state.changed"]
                }
                #expect(receiver.received.first { $0.type == "change.rejected" }?.id == skipped)
                #expect(
                    try await system.hooks("POST", "webhooks/w1:recover", #"{"since":"2020-01-01T00:00:00Z"}"#).refusal
                        == "422 invalid-webhook")

                try await system.hook("w2", at: receiver.url("/bad"))
                try await system.reject("c3")
                try await eventually("it waits") { try await system.statuses("w2").first == "retrying" }
                let alive = try #require(try await system.deliveries("webhook=w2").first?["id"]?.stringValue)
                #expect(
                    try await system.hooks("POST", "deliveries/\(alive):replay").refusal == "409 delivery-in-flight")
                #expect(try await system.hooks("DELETE", "webhooks/w2").status == 204)
                try await eventually("it is discarded") {
                    try await system.hooks("GET", "deliveries/\(alive)").member("status")?.stringValue == "discarded"
                }
            }
        }
    }

    @Test("An endpoint that is gone is disabled, which is told to whoever may know")
    func gone() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ request, _ in request.path == "/gone" ? .answer(410) : .answer(200) }) {
                receiver in
                try await system.hook("watch", at: receiver.url("/watch"), types: #""webhook.disabled""#)
                try await system.hook("w1", at: receiver.url("/gone"))
                try await system.reject("c1")
                try await eventually("it is disabled") {
                    try await system.hooks("GET", "webhooks/w1").member("disabled")?["reason"]?.stringValue == "gone"
                }
                try await eventually("it is told") { receiver.received(at: "/watch").count == 1 }
                let told = try #require(receiver.received(at: "/watch").first)
                #expect(told.data["webhook"]?.stringValue == "w1" && told.data["reason"]?.stringValue == "gone")
                #expect(try await system.statuses("w1") == ["dead"])
                #expect(receiver.received(at: "/gone").count == 1)
            }
        }
    }

    @Test("What is busy is asked again no sooner than it says")
    func busy() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ _, count in count == 0 ? .answer(429, [("Retry-After", "2")]) : .answer(200) }) {
                receiver in
                try await system.hook("w1", at: receiver.url())
                let start = ContinuousClock.now
                try await system.reject("c1")
                try await eventually("it arrives") { try await system.statuses("w1") == ["succeeded"] }
                #expect(ContinuousClock.now - start >= .seconds(2))
                #expect(receiver.received.count == 2)
            }
        }
    }

    @Test("Deliveries are listed page by page, none twice and none left out")
    func pages() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver { receiver in
                try await system.hook("w1", at: receiver.url())
                for number in 0..<25 { try await system.reject("c\(number)", in: "app\(number % 5)") }
                try await eventually("all arrive") { receiver.received.count >= 25 }
                var ids: [String] = []
                var next: String? = "/v1/deliveries?webhook=w1&limit=10"
                while let path = next {
                    let page = try await system.send("GET", path, to: system.bucket)
                    #expect(page.status == 200)
                    ids += (page.member("deliveries").map { Array($0.elements) } ?? []).compactMap {
                        $0["id"]?.stringValue
                    }
                    next = page["Link"]?.split(separator: ">").first.map { String($0.dropFirst()) }
                }
                #expect(ids.count == 25 && Set(ids) == Set(receiver.received.map(\.id)))
            }
        }
    }
}
