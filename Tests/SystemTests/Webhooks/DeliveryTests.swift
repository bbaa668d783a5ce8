import Documents
import Receivers
import SystemSupport
import TestSupport
import Testing
import Webhooks

@Suite("Webhooks", .timeLimit(.minutes(20)))
struct WebhookDeliveryTests {
    @Test("From the event to the endpoint: signed with the secret that was shown, and told of as it went")
    func wholeWay() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver { receiver in
                let made = try await system.hook("w1", at: receiver.url("/x"))
                #expect(made["Location"] == "/v1/webhooks/w1" && made["Cache-Control"] == "no-store")
                let secret = try WebhookSecret(#require(made.member("secret")?.stringValue))
                try await system.reject("c1")
                try await eventually("the event arrives") { receiver.received.count == 1 }
                let seen = try #require(receiver.received.first)
                #expect(seen.type == "change.rejected" && seen.data["id"]?.stringValue == "c1")
                let time = try #require(seen["Webhook-Timestamp"].flatMap { Int64($0) })
                #expect(
                    seen["Webhook-Signature"] == secret.signature(id: seen.id, timestamp: time, body: seen.body))
                try await eventually("it is told") { try await system.statuses("w1") == ["succeeded"] }
                let one = try await system.hooks("GET", "deliveries/\(seen.id)")
                #expect(one.status == 200 && one.member("app")?.stringValue == "board")
                #expect(one.member("attempts")?.integerValue == 1 && one.member("done")?.boolValue == true)
                let attempts = try await system.hooks("GET", "deliveries/\(seen.id)/attempts")
                #expect(attempts.member("attempts")?[0]?["status"]?.integerValue == 204)
                #expect(receiver.received.count == 1)
            }
        }
    }

    @Test(
        "What fails is sent again under the same id, with a time of its own, and is dead in the end; whoever asked is told"
    )
    func retries() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ request, count in
                request.path == "/watch"
                    ? .answer(200)
                    : count == 0 ? .answer(500) : count == 1 ? .hangUp : .answer(301, [("Location", "/watch")])
            }) { receiver in
                try await system.hook(
                    "watch", at: receiver.url("/watch"), types: #""delivery.failing","delivery.dead""#)
                try await system.hook("w1", at: receiver.url("/bad"))
                try await system.reject("c1")
                try await eventually(within: .seconds(40), "it is given up") {
                    try await system.statuses("w1") == ["dead"]
                }
                let seen = receiver.received(at: "/bad")
                #expect(seen.count == 6 && Set(seen.map(\.id)).count == 1 && Set(seen.map(\.body)).count == 1)
                #expect(Set(seen.map { $0["Webhook-Timestamp"] }).count > 3)
                try await eventually("it is told") { receiver.received(at: "/watch").count == 2 }
                let told = receiver.received(at: "/watch")
                #expect(Set(told.map(\.type)) == ["delivery.failing", "delivery.dead"])
                #expect(told.allSatisfy { $0.data["delivery"]?.stringValue == seen[0].id })
                let attempts = try await system.hooks("GET", "deliveries/\(seen[0].id)/attempts").member("attempts")
                let ends = (attempts.map { Array($0.elements) } ?? []).map {
                    $0["status"]?.text ?? $0["error"]?.text ?? ""
                }
                #expect(ends == ["500", "\"connection-closed\"", "301", "301", "301", "301"])
                // Once more, by hand.
                receiver.behave { _, _ in .answer(200) }
                let again = try await system.hooks("POST", "deliveries/\(seen[0].id):replay")
                #expect(again.status == 202)
                try await eventually("it arrives") { try await system.statuses("w1") == ["succeeded"] }
                #expect(receiver.received(at: "/bad").last?.id == seen[0].id)
                #expect(receiver.received(at: "/bad").last?.body == seen[0].body)
            }
        }
    }

    @Test("A state's last version arrives, with what has changed where that is small, and not each one between")
    func states() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver { receiver in
                try await system.hook("w1", at: receiver.url("/all"), types: #""state.changed""#, apps: #""board""#)
                try await system.hook(
                    "w2", at: receiver.url("/part"), types: #""state.changed""#, apps: #""board""#, #","path":"/a""#)
                _ = try await system.outcome(#"{"a":1}"#, id: "c1")
                try await eventually("both are told") { receiver.received.count >= 2 }
                try await eventually("it is told") { try await system.statuses("w1").first == "succeeded" }
                let before = receiver.received(at: "/part").count
                for number in 0..<200 {
                    #expect(try await system.push(#"{"b":\#(number)}"#, id: "d\(number)").status == 201)
                }
                _ = try await system.outcome(#"{"b":"last"}"#, id: "c2")
                let version = try await system.get("/v1/apps/board/state").version
                try await eventually("the last one is told") {
                    receiver.received(at: "/all").last?.data["version"]?.stringValue == version
                }
                let told = receiver.received(at: "/all")
                #expect(told.count < 100)
                #expect(told.last?.data["patch"]?["b"]?.stringValue == "last")
                #expect(told.last?.data["href"]?.stringValue == "/v1/apps/board/state")
                // The other part is the same as before.
                #expect(receiver.received(at: "/part").count == before)
                _ = try await system.outcome(#"{"a":2}"#, id: "c3")
                try await eventually("its part is told") { receiver.received(at: "/part").count == before + 1 }
                #expect(receiver.received(at: "/part").last?.data["patch"]?.text == "2")
            }
        }
    }

    @Test(
        "A courier that is killed while it sends: another sends the same, under the same id, after twice what an attempt may take"
    )
    func killed() async throws {
        try await withCistern(.couriers(2, ["--delivery-timeout", "2s"])) { system in
            try await withReceiver({ _, count in count < 20 ? .hang : .answer(200) }) { receiver in
                try await system.hook("w1", at: receiver.url())
                for number in 0..<20 { try await system.reject("c\(number)", in: "app\(number)") }
                try await eventually("they are being sent") { receiver.received.count >= 8 }
                receiver.behave { _, _ in .answer(200) }
                system.couriers[0].kill()
                system.couriers[1].kill()
                try await system.couriers[1].launch()
                try await eventually(within: .seconds(20), "all arrive") {
                    try await system.statuses("w1").filter { $0 == "succeeded" }.count == 20
                }
                let bodies = Dictionary(grouping: receiver.received, by: \.id)
                #expect(bodies.count == 20)
                #expect(bodies.values.allSatisfy { Set($0.map(\.body)).count == 1 })
            }
        }
    }

    @Test(
        "Events while no courier runs arrive when one does, states too; many couriers send each once where nobody dies")
    func away() async throws {
        try await withCistern(.couriers(3)) { system in
            try await withReceiver { receiver in
                try await system.hook("w1", at: receiver.url(), types: #""change.rejected","state.changed""#)
                for courier in system.couriers { try await courier.stop() }
                for number in 0..<30 { try await system.reject("c\(number)", in: "app\(number % 7)") }
                #expect(try await system.outcome(#"{"a":1}"#, id: "c1") == "applied")
                #expect(try await system.outcome(#"{"a":2}"#, id: "c2") == "applied")
                for courier in system.couriers { try await courier.launch() }
                try await eventually("all arrive") {
                    receiver.received.filter { $0.type == "change.rejected" }.count >= 30
                        && receiver.received.contains { $0.type == "state.changed" }
                }
                try await eventually("all is told") {
                    Set(try await system.deliveries("webhook=w1&limit=100").map { $0["status"]?.stringValue }) == [
                        "succeeded"
                    ]
                }
                #expect(Set(receiver.received.map(\.id)).count == receiver.received.count)
                let version = try await system.get("/v1/apps/board/state").version
                #expect(
                    receiver.received.last { $0.type == "state.changed" }?.data["version"]?.stringValue == version)
            }
        }
    }

    @Test("An endpoint that hangs holds nobody else up")
    func slow() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ request, _ in request.path == "/slow" ? .hang : .answer(200) }) { receiver in
                try await system.hook("slow", at: receiver.url("/slow"))
                try await system.hook("quick", at: receiver.url("/quick"))
                for number in 0..<50 { try await system.reject("c\(number)") }
                try await eventually(within: .seconds(10), "the quick one has all") {
                    receiver.received(at: "/quick").count == 50
                }
                #expect(receiver.received(at: "/slow").count <= 8)
            }
        }
    }

    @Test("A webhook that is changed is from then on what it is now, also to a courier that is busy with it")
    func changed() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ request, _ in request.path == "/old" ? .answer(500) : .answer(204) }) { receiver in
                try await system.hook("w1", at: receiver.url("/old"))
                try await system.reject("c1")
                try await eventually("it is tried") { receiver.received(at: "/old").count >= 1 }
                let patched = try await system.send(
                    "PATCH", "/v1/webhooks/w1", headers: [("Content-Type", "application/merge-patch+json")],
                    body: Array(#"{"url":"\#(receiver.url("/new"))"}"#.utf8), to: system.bucket)
                #expect(patched.status == 200)
                let before = receiver.received(at: "/old").count
                try await eventually("it arrives where it is wanted now") { receiver.received(at: "/new").count == 1 }
                // One may have been taken before the answer.
                #expect(receiver.received(at: "/old").count <= before + 1)
                #expect(receiver.received(at: "/new").first?.id == receiver.received(at: "/old").first?.id)
                // Whoever was answered is told of what happens from then on.
                for number in 0..<10 {
                    try await system.hook("n\(number)", at: receiver.url("/n\(number)"))
                    try await system.reject("d\(number)")
                    try await eventually("it is told") { !receiver.received(at: "/n\(number)").isEmpty }
                    #expect(receiver.received(at: "/n\(number)").first?.data["id"]?.stringValue == "d\(number)")
                }
            }
        }
    }

    @Test("Told to stop, a courier ends what is under way, and takes nothing more")
    func stopping() async throws {
        try await withCistern(.couriers()) { system in
            try await withReceiver({ _, _ in .slow(200, after: .seconds(2)) }) { receiver in
                try await system.hook("w1", at: receiver.url())
                try await system.reject("c1")
                try await eventually("it is being sent") { receiver.received.count == 1 }
                try await system.couriers[0].stop()
                #expect(try await system.statuses("w1") == ["succeeded"])
                #expect(system.couriers[0].logged.contains("Stopped"))
            }
        }
    }
}
