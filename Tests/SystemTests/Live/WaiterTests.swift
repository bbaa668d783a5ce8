import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: many who wait", .timeLimit(.minutes(20)))
struct WaiterTests {
    private static func request(_ etag: String, wait: Int, _ more: String = "") -> ArraySlice<UInt8> {
        let text =
            "GET /v1/apps/board/state HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \(etag)\r\nPrefer: wait=\(wait)\r\n\(more)\r\n"
        return Array(text.utf8)[...]
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        WireAnswer.all(in: bytes).first.map { answer in
            let length = answer.fields.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
            return answer.statusLine.hasPrefix("HTTP/1.1 ") && bytes.starts(with: Array("HTTP/1.1 ".utf8))
                && bytes.firstRange(of: Array("\r\n\r\n".utf8)) != nil && answer.body.utf8.count >= length
        } ?? false
    }

    private static func descriptors(_ system: TestCistern) async throws -> Int {
        try await system.metric("process_open_fds", at: system.poller)
    }

    @Test("One change wakes a thousand, each with the same bytes", arguments: Ways.polls)
    func thousand(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(200))"}"#, id: "c1")
            let before = try await Self.descriptors(system)
            let more = ["", "A-IM: merge-patch\r\n", "A-IM: json-patch\r\n"]
            let waiters = try (0..<1_000).map { number in
                let waiter = try WireConnection(port: system.poller.port)
                waiter.send(Self.request(state["ETag"] ?? "", wait: 60, more[number % 3]))
                return waiter
            }
            try await eventually("a thousand connections are open") {
                try await Self.descriptors(system) >= before + 1_000
            }
            _ = try await system.pushed(#"{"n":1}"#, id: "c2")
            let deadline = ContinuousClock.now + .seconds(40)
            var answers: [String: Int] = [:]
            for waiter in waiters {
                waiter.read(until: deadline, Self.isWhole)
                let answer = WireAnswer.all(in: waiter.received).first
                answers["\(answer?.statusLine ?? "nothing") \(answer?.body ?? "")", default: 0] += 1
            }
            let full = #"HTTP/1.1 200 OK {"filling":"\#(mixedText(200))","n":1}"#
            #expect(answers[full] == 334, "\(answers)")
            #expect(answers[#"HTTP/1.1 226 IM Used {"n":1}"#] == 333, "\(answers)")
            #expect(answers.count == 3, "\(answers)")
        }
    }

    @Test("Who has closed only the sending side is answered or let go, at once", arguments: Ways.polls)
    func halfClosed(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let requests = [
                Array(Self.request(state["ETag"] ?? "", wait: 30)),
                Array(
                    "GET /v1/states?apps=board@\(state.version ?? "") HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=30\r\n\r\n"
                        .utf8),
                Array("GET /v1/apps/none/state HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=30\r\n\r\n".utf8),
            ]
            for request in requests {
                let start = ContinuousClock.now
                let waiter = try WireConnection(port: system.poller.port)
                waiter.send(request[...])
                try await Task.sleep(for: .milliseconds(200))
                waiter.finish()
                waiter.read(until: start + .seconds(40))
                #expect(ContinuousClock.now - start < .seconds(10))
            }
        }
    }

    @Test(
        "A version that comes at the very end of a wait is never confirmed to somebody who does not have it",
        arguments: Ways.polls)
    func lastMoment(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            var state = try await system.pushed(#"{"n":0,"p":0}"#, id: "c0")
            for number in 1...10 {
                let before = state
                // Their waits end one after the other within a tenth of a second, and that is when the change comes.
                let waiting = (0..<200).map { client in
                    Task {
                        try await system.state(
                            client % 2 == 0 ? "" : "?path=/p",
                            headers: before.next(client % 4 < 2 ? .mergePatch : nil, wait: 1))
                    }
                }
                try await Task.sleep(for: .milliseconds(940))
                state = try await system.pushed("{\"n\":\(number),\"p\":\(number)}", id: "c\(number)")
                for client in waiting {
                    let answer = try await client.value
                    #expect(
                        (answer.status == 304) == (answer.version == before.version),
                        "\(answer.status) \(answer.version ?? "")")
                }
            }
        }
    }

    @Test("Clients that go away while they wait leave nothing behind", arguments: Ways.polls)
    func gone(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let before = try await Self.descriptors(system)
            for _ in 1...3 {
                let waiters = try (0..<200).map { number in
                    let waiter = try WireConnection(port: system.poller.port)
                    waiter.send(Self.request(state["ETag"] ?? "", wait: 60))
                    // Every other one closes in the ordinary way.
                    if number % 2 == 0 { waiter.breakOff() }
                    return waiter
                }
                try await eventually("the connections are open") { try await Self.descriptors(system) >= before + 200 }
                try await eventually("they wait") {
                    try await system.metric("cistern_poll_followers", at: system.poller) >= 200
                }
                withExtendedLifetime(waiters) {}
            }
            try await eventually("the connections are closed") { try await Self.descriptors(system) <= before + 5 }
            try await eventually("nobody waits any more") {
                try await system.metric("cistern_poll_followers", at: system.poller) == 0
            }
            // Those that are there now are woken by the next change.
            async let waiting = system.state(headers: state.next(wait: 30))
            let pushed = try await system.push(#"{"n":1}"#, id: "c2")
            #expect(try await waiting.version == pushed.position)
        }
    }

    @Test("Room for other states is not made at the cost of those who wait", arguments: Ways.polls)
    func eviction(_ lanes: String) async throws {
        var options = CisternOptions.live(lanes: lanes)
        options.pollFlags += ["--table-memory", "8MiB"]
        try await withCistern(options) { system in
            let state = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            let start = ContinuousClock.now
            let poll = Task { try await system.state(headers: state.next(.mergePatch, wait: 50)) }
            let part = Task { try await system.state("?path=/n", headers: state.next(wait: 50)) }
            let many = Task {
                try await system.get("/v1/states?apps=board@\(state.version ?? "")", headers: [("Prefer", "wait=50")])
            }
            let unknown = Task { try await system.state(of: "soon", headers: [("Prefer", "wait=50")]) }
            let text = mixedText(1_000_000)
            for number in 1...16 {
                let other = try await system.pushed("{\"t\":\"\(text)\"}", id: "c1", to: "large\(number)")
                #expect(other.status == 200)
            }
            #expect(
                try await system.get("/metrics", from: system.poller).text.contains(/cistern_poll_evictions\S* [1-9]/))
            let last = try await system.push(#"{"n":1}"#, id: "c1")
            _ = try await system.push(#"{"s":1}"#, id: "c1", to: "soon")
            #expect(try await poll.value.version == last.position)
            #expect(try await part.value.text == "1")
            #expect(try await many.value.json["board"]?["version"]?.stringValue == last.position)
            #expect(try await unknown.value.text == #"{"s":1}"#)
            #expect(ContinuousClock.now - start < .seconds(40))
        }
    }

    @Test("A server that is told to stop answers those who wait, and ends by itself in time", arguments: Ways.polls)
    func stop(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let before = try await Self.descriptors(system)
            let waiters = try (0..<100).map { _ in
                let waiter = try WireConnection(port: system.poller.port)
                waiter.send(Self.request(state["ETag"] ?? "", wait: 60))
                return waiter
            }
            let unknown = try WireConnection(port: system.poller.port)
            unknown.send(
                Array("GET /v1/apps/none/state HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n\r\n".utf8)[...])
            let many = try WireConnection(port: system.poller.port)
            many.send(
                Array(
                    "GET /v1/states?apps=board@\(state.version ?? "") HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n\r\n"
                        .utf8)[...])
            try await eventually("the connections are open") { try await Self.descriptors(system) >= before + 102 }
            try await Task.sleep(for: .milliseconds(200))
            let start = ContinuousClock.now
            system.poller.askToStop()
            let deadline = start + .seconds(15)
            for waiter in waiters {
                waiter.read(until: deadline, Self.isWhole)
                let answer = WireAnswer.all(in: waiter.received).first
                #expect(answer?.statusLine == "HTTP/1.1 304 Not Modified")
                #expect(answer?.fields.contains("etag: \(state["ETag"] ?? "")") == true)
                waiter.read(until: deadline)
                #expect(waiter.hasEnded)
            }
            unknown.read(until: deadline, Self.isWhole)
            #expect(WireAnswer.all(in: unknown.received).first?.statusLine == "HTTP/1.1 404 Not Found")
            many.read(until: deadline, Self.isWhole)
            #expect(WireAnswer.all(in: many.received).first?.body == "{}")
            try await eventually("it stops") { !system.poller.isRunning }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }
}
