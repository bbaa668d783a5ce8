import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: as many wait as may", .timeLimit(.minutes(20)))
struct WaitingLimitTests {
    private static func options(_ lanes: String) -> CisternOptions {
        var options = CisternOptions.live(lanes: lanes)
        options.pollFlags += ["--waiting-clients", "2"]
        return options
    }

    @Test(
        "Beyond the limit streams and sockets are told to come back, polls are answered at once, and those who go make room",
        arguments: Ways.events)
    func full(_ lanes: String) async throws {
        try await withCistern(Self.options(lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c0")
            let events = [("Accept", "text/event-stream")]
            try await system.withEvents { first in
                try await system.withEvents(of: "other") { _ in
                    try await first.has(1)
                    try await eventually("two follow") {
                        try await system.metric("cistern_poll_followers", at: system.poller) == 2
                    }
                    let refused = try await system.state(headers: events)
                    #expect(refused.refusal == "503 overloaded" && refused["Retry-After"] == "5")
                    #expect(refused["Content-Type"] == "application/problem+json")

                    let start = ContinuousClock.now
                    let poll = try await system.state(headers: state.next(wait: 30))
                    #expect(poll.status == 304 && poll["Preference-Applied"] == nil)
                    let many = try await system.get(
                        "/v1/states?apps=board@\(state.version ?? "")", headers: [("Prefer", "wait=30")])
                    #expect(many.text == "{}" && many["Preference-Applied"] == nil)
                    let future = "\(state.version?.split(separator: "-").first ?? "")-9"
                    let later = try await system.state("?at_least=\(future)", headers: [("Prefer", "wait=30")])
                    #expect(later.refusal == "503 not-yet-merged" && later["Retry-After"] == "1")
                    let unknown = try await system.state(of: "none", headers: [("Prefer", "wait=30")])
                    #expect(unknown.refusal == "404 unknown-app")
                    #expect(ContinuousClock.now - start < .seconds(15))

                    let socket = try await LiveSocket.open(
                        port: system.poller.port, LiveSocket.handshake("/v1/apps/board/socket"))
                    try await eventually("the socket is closed") { socket.received.closeCode != nil }
                    #expect(socket.received.closeCode == 1013)
                    socket.drop()
                }
                try await eventually("there is room for another one") {
                    try await system.withEvents { $0.status == 200 }
                }
                try await eventually("there is room again") {
                    try await system.metric("cistern_poll_followers", at: system.poller) == 1
                }
                let waiting = Task { try await system.state(headers: state.next(wait: 30)) }
                // Not by asking for events: where there is room yet, their answer has no end.
                try await eventually("somebody waits") {
                    try await system.metric("cistern_poll_followers", at: system.poller) == 2
                }
                #expect(try await system.state(headers: events).status == 503)
                let next = try await system.push(#"{"n":1}"#, id: "c1")
                let answer = try await waiting.value
                #expect(answer.version == next.position && answer["Preference-Applied"] == "wait=30")
            }
        }
    }

    @Test("Presence has the limits that are configured, by its routes as by sockets")
    func presence() async throws {
        let flags = [
            "--presence-clients", "2", "--presence-document", "64", "--presence-memory", "64KiB", "--waiting-clients",
            "1",
        ]
        try await withCistern(CisternOptions(layout: .split, mergeDaemons: 0, pollFlags: flags)) { system in
            #expect(try await system.appear("ann").status == 201)
            #expect(try await system.appear("bob").status == 201)
            let third = try await system.appear("cat")
            #expect(third.refusal == "429 presence-full" && third["Retry-After"] == "10")
            #expect(third.member("limit")?.integerValue == 2)
            #expect(try await system.appear("ann").status == 204, "who is here may stay")
            let large = "\"\(String(repeating: "x", count: 63))\""
            let tooLarge = try await system.appear("ann", large)
            #expect(tooLarge.refusal == "413 presence-too-large" && tooLarge.member("limit")?.integerValue == 64)
            try await system.withSocket("?client=ann") { socket in
                try await socket.send("{\"presence\":\(large)}")
                try await socket.word("that it is too large") {
                    if case .refused(_, let problem) = $0 { problem.slug == "invalid-message" } else { false }
                }
            }
            // Each client costs some hundred bytes.
            var status = 201
            for number in 0..<2_000 where status == 201 {
                status = try await system.appear("c", in: "app\(number)").status
            }
            #expect(status == 429)
            // One waits; another is answered at once.
            let tag = try #require(try await system.present()["ETag"])
            let headers = [("If-None-Match", tag), ("Prefer", "wait=30")]
            let waiting = Task { try await system.present(headers: headers) }
            try await eventually("one waits") {
                try await system.get("/metrics", from: system.poller).text.contains("cistern_presence_waiting 1")
            }
            let start = ContinuousClock.now
            #expect(try await system.present(headers: headers).status == 304)
            #expect(ContinuousClock.now - start < .seconds(15))
            _ = try await system.leave("bob")
            #expect(try await waiting.value.status == 200)
        }
    }
}
