import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Who is here", .timeLimit(.minutes(20)))
struct PresenceTests {
    private static let two = CisternOptions(layout: .split, mergeDaemons: 0, pollers: 2)

    @Test("A client that is put is here, with its document, on every server, with the same bytes and ETag")
    func everywhere() async throws {
        try await withCistern(Self.two) { system in
            let empty = try await system.present()
            #expect(empty.text == #"{"clients":{}}"#)
            #expect(empty.status == 200 && empty["Cache-Control"] == "no-cache")
            #expect(empty["Content-Type"] == "application/json")

            let created = try await system.appear("bob", #" { "name" : "Bob", "at" : [1, 2.50] } "#)
            #expect(created.status == 201 && created.bytes.isEmpty)
            #expect(try await system.appear("bob", #"{"at":[1,2.50],"name":"Bob"}"#).status == 204)
            #expect(try await system.appear("Ann", "null", at: 1).status == 201)
            let expected = #"{"clients":{"Ann":{"value":null},"bob":{"value":{"at":[1,2.50],"name":"Bob"}}}}"#
            for server in 0...1 {
                try await eventually(within: .seconds(3), "both are on server \(server)") {
                    try await system.present(at: server).text == expected
                }
            }
            let answers = [try await system.present(at: 0), try await system.present(at: 1)]
            #expect(answers[0]["ETag"] == answers[1]["ETag"])
            #expect(answers[0]["ETag"] != empty["ETag"])
            #expect(try await system.present(in: "other").text == #"{"clients":{}}"#)
            #expect(
                try await system.get("/v1/apps/board/state", from: system.poller).status == 404, "nothing is logged")

            let head = try await system.send("HEAD", "/v1/apps/board/presence", to: system.poller)
            #expect(head.status == 200 && head.bytes.isEmpty && head["ETag"] == answers[0]["ETag"])
        }
    }

    @Test("Who has what is here is told so, however the tag is written, until something differs")
    func conditional() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", "1")
            let tag = try #require(try await system.present()["ETag"])
            for field in [tag, "W/\(tag)", "\"x\", \(tag)", "*", String(tag.dropFirst().dropLast())] {
                let answer = try await system.present(headers: [("If-None-Match", field)])
                #expect(answer.status == 304 && answer.bytes.isEmpty, "\(field)")
                #expect(answer["ETag"] == tag && answer["Cache-Control"] == "no-cache")
            }
            _ = try await system.appear("ann", "1")
            #expect(try await system.present(headers: [("If-None-Match", tag)]).status == 304, "a renewal")
            _ = try await system.appear("ann", "2")
            #expect(try await system.present(headers: [("If-None-Match", tag)]).status == 200)
            _ = try await system.appear("ann", "1")
            #expect(try await system.present(headers: [("If-None-Match", tag)]).status == 304, "the same again")
        }
    }

    @Test("A client is gone by itself, on all servers, when it is not renewed; a renewed one stays")
    func expiry() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("stays", ttl: 2)
            _ = try await system.appear("goes", ttl: 2)
            let start = ContinuousClock.now
            for server in 0...1 {
                try await eventually("both are on server \(server)") {
                    try await system.clients(at: server) == ["goes", "stays"]
                }
            }
            var seen = [ContinuousClock.Instant?](repeating: nil, count: 2)
            try await eventually("one is gone everywhere") {
                _ = try await system.appear("stays", ttl: 2, at: 1)
                for server in 0...1 where seen[server] == nil {
                    if try await system.clients(at: server) == ["stays"] { seen[server] = .now }
                }
                return !seen.contains(nil)
            }
            for time in seen.compactMap({ $0 }) {
                #expect((.milliseconds(1_900)...(.seconds(5))).contains(time - start))
            }
        }
    }

    @Test("A client that is removed goes at once, everywhere, wherever it was put; once more does no harm")
    func removal() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", ttl: 300)
            _ = try await system.appear("bob", ttl: 300)
            try await eventually("both are everywhere") { try await system.clients(at: 1) == ["ann", "bob"] }
            let answer = try await system.leave("ann", at: 1)
            #expect(answer.status == 204)
            for server in 0...1 {
                try await eventually(within: .seconds(3), "one is gone from server \(server)") {
                    try await system.clients(at: server) == ["bob"]
                }
            }
            #expect(try await system.leave("ann").status == 204)
            #expect(try await system.leave("nobody").status == 204)
            #expect(try await system.appear("ann").status == 201)
        }
    }

    @Test("A long poll is answered when somebody comes, moves or goes at another server, and in time if nobody does")
    func longPoll() async throws {
        try await withCistern(Self.two) { system in
            var tag = try #require(try await system.present(at: 1)["ETag"])
            let steps: [@Sendable () async throws -> Answer] = [
                { try await system.appear("ann", "1", ttl: 300) }, { try await system.appear("ann", "2", ttl: 300) },
                { try await system.appear("bob", "1", ttl: 300, at: 1) }, { try await system.leave("ann") },
                { try await system.appear("bob", "1", ttl: 1) },
            ]
            for step in steps {
                let known = tag
                async let waiting = system.present(
                    at: 1, headers: [("If-None-Match", known), ("Prefer", "wait=20")])
                try await Task.sleep(for: .milliseconds(100))
                let start = ContinuousClock.now
                #expect((200..<300).contains(try await step().status))
                let answer = try await waiting
                #expect(answer.status == 200 && answer["Preference-Applied"] == "wait=20")
                #expect(ContinuousClock.now - start < .seconds(10))
                tag = try #require(answer["ETag"])
            }
            #expect(try await system.present(at: 1).text == #"{"clients":{}}"#)
            let start = ContinuousClock.now
            let idle = try await system.present(at: 1, headers: [("If-None-Match", tag), ("Prefer", "wait=1")])
            #expect(idle.status == 304 && idle["Preference-Applied"] == "wait=1")
            #expect((.milliseconds(850)...(.seconds(3))).contains(ContinuousClock.now - start))
            let atOnce = try await system.present(at: 1, headers: [("Prefer", "wait=20")])
            #expect(atOnce.status == 200 && atOnce["Preference-Applied"] == nil)
        }
    }

    @Test("What is not as the contract says is refused with its problem")
    func refusals() async throws {
        try await withCistern(Self.two) { system in
            #expect(try await system.appear("-x").refusal == "400 invalid-id")
            #expect(try await system.appear("x", in: "-").refusal == "400 invalid-id")
            #expect(try await system.leave("-x").refusal == "400 invalid-id")
            for body in ["", "{", "{\"a\":1,\"a\":2}", "1 2", "\u{feff}1"] {
                #expect(try await system.appear("x", body).refusal == "400 malformed-json", "\(body)")
            }
            for ttl in [-1, 0, 301] {
                #expect(try await system.appear("x", ttl: ttl).refusal == "400 invalid-parameter", "\(ttl)")
            }
            for ttl in [1, 300] { #expect(try await system.appear("ttl", ttl: ttl).status < 300, "\(ttl)") }
            #expect(try await system.appear("x", headers: []).refusal == "415 unsupported-presence-type")
            let text = try await system.appear("x", headers: [("Content-Type", "text/plain")])
            #expect(text.refusal == "415 unsupported-presence-type" && text["Accept"] == "application/json")
            let largest = "\"\(String(repeating: "x", count: 4_094))\""
            #expect(try await system.appear("x", largest).status == 201)
            let tooLarge = try await system.appear("x", largest + " ")
            #expect(tooLarge.refusal == "413 presence-too-large")
            #expect(tooLarge.member("limit")?.integerValue == 4_096)
            let wrong = try await system.send("GET", "/v1/apps/board/presence/x", to: system.poller)
            #expect(wrong.refusal == "405 method-not-allowed")
            #expect(try await system.send("PUT", "/v1/apps/board/presence", to: system.poller).status == 405)
        }
    }

    @Test("Beyond a thousand clients of an application further ones are refused; those that are here go on")
    func limits() async throws {
        try await withCistern(Self.two) { system in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for part in 0..<20 {
                    group.addTask {
                        var created = 0
                        for number in 0..<50 {
                            let answer = try await system.appear("c\(part * 50 + number)", ttl: 300)
                            if answer.status == 201 { created += 1 }
                        }
                        return created
                    }
                }
                var created = 0
                for try await part in group { created += part }
                #expect(created == 1_000)
            }
            let full = try await system.appear("one-more")
            #expect(full.refusal == "429 presence-full")
            #expect(full.member("limit")?.integerValue == 1_000 && full["Retry-After"] == "10")
            #expect(try await system.appear("c7", "2").status == 204)
            #expect(try await system.appear("one-more", in: "other").status == 201)
            try await eventually("all are on the other server") { try await system.clients(at: 1).count == 1_000 }
            #expect(try await system.appear("one-more", at: 1).refusal == "429 presence-full")
            _ = try await system.leave("c9")
            #expect(try await system.appear("one-more").status == 201)
            let tags = [try await system.present()["ETag"], nil]
            try await eventually("both servers have the same") { try await system.present(at: 1)["ETag"] == tags[0] }
        }
    }
}
