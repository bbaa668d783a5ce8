import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: waiting through restarts", .timeLimit(.minutes(20)))
struct OutageTests {
    /// Pushes until it is accepted, as a client does while a server is away.
    private static func push(_ change: String, id: String, _ system: TestCistern) async throws -> String {
        var receipt: String?
        try await eventually(within: .seconds(30), "\(id) is accepted") {
            let answer = try await system.push(change, id: id)
            receipt = answer.position
            return answer.status == 201 || answer.status == 200
        }
        return receipt ?? ""
    }

    /// Waits again and again until it has a version. A Redis that was started anew gives the application a new epoch, which is news too.
    private static func follow(
        _ system: TestCistern, from first: Answer?, of app: String = "board", _ manipulation: Manipulation? = nil,
        until isEnd: @escaping @Sendable (ClientCopy) -> Bool
    ) -> Task<ClientCopy, any Error> {
        Task {
            var copy = ClientCopy()
            if let first { copy.take(first) }
            for _ in 1...10 where !isEnd(copy) {
                var headers = [("Prefer", "wait=60")]
                if let etag = copy.etag { headers.append(("If-None-Match", etag)) }
                if let manipulation { headers.append(("A-IM", manipulation.rawValue)) }
                copy.take(try await system.state(of: app, headers: headers))
            }
            return copy
        }
    }

    private static func hasNumber(_ number: Int) -> @Sendable (ClientCopy) -> Bool {
        { String(decoding: $0.bytes ?? [], as: UTF8.self).contains("\"n\":\(number)") }
    }

    @Test("Who waits while a server is restarted gets the next version", arguments: Ways.polls, Outage.allCases)
    func stores(_ lanes: String, _ outage: Outage) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            try await system.withEvents { stream in
                try await stream.has(1)
                let start = ContinuousClock.now
                let isEnd = Self.hasNumber(1)
                let waiting = [
                    Self.follow(system, from: state, until: isEnd),
                    Self.follow(system, from: state, .mergePatch, until: isEnd),
                    Self.follow(system, from: nil, of: "soon", .jsonPatch, until: isEnd),
                ]
                let many = Task {
                    try await system.get(
                        "/v1/states?apps=board@\(state.version ?? "")", headers: [("Prefer", "wait=60")])
                }
                try await Task.sleep(for: .milliseconds(300))
                try await system.strike(outage)
                let receipt = try await Self.push(#"{"n":1}"#, id: "c1", system)
                _ = try await system.push(#"{"n":1}"#, id: "c1", to: "soon")
                let last = try await system.settled()
                for (index, client) in waiting.enumerated() {
                    let copy = try await client.value
                    #expect(copy.violations == [])
                    if index < 2 { #expect(copy.bytes == last.bytes && copy.version == Token(receipt)) }
                    if outage != .redis {
                        #expect(copy.states == 1 && copy.patches == (index == 1 ? 1 : 0) || index == 0)
                    }
                }
                #expect(try await many.value.json["board"]?["version"] != nil)
                try await eventually(within: .seconds(30), "the stream has it") { stream.events.last?.id == receipt }
                #expect(stream.copy().violations == [])
                #expect(stream.copy().bytes == last.bytes)
                #expect(stream.events.allSatisfy { $0.name != "deleted" })
                // Woken, not come back at the end of the wait.
                #expect(ContinuousClock.now - start < .seconds(45))
            }
        }
    }

    @Test(
        "With Redis gone a wait ends in time with what is known, and a client that knows more is not answered with less",
        arguments: Ways.polls)
    func withoutRedis(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c0")
            system.redis.kill()
            let start = ContinuousClock.now
            let answer = try await system.state(headers: state.next(wait: 4))
            let time = ContinuousClock.now - start
            #expect(answer.status == 304)
            #expect(answer["ETag"] == state["ETag"])
            #expect(time < .milliseconds(4_500), "\(time)")
            let ahead = "\(Token(state.version)?.epoch ?? "")-9"
            let refused = try await system.state(headers: [("If-None-Match", ahead), ("Prefer", "wait=2")])
            #expect(refused.refusal == "503 state-unavailable")
            #expect(refused["Retry-After"] != nil)
            let waiting = Self.follow(system, from: state, until: Self.hasNumber(1))
            try await system.redis.launch()
            let receipt = try await Self.push(#"{"n":1}"#, id: "c1", system)
            let copy = try await waiting.value
            #expect(copy.version == Token(receipt))
            #expect(copy.violations == [])
        }
    }

    @Test(
        "Clients of a poll server that is killed come back to it and go on with what they have", arguments: Ways.polls)
    func pollServer(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            try await withThrowingTaskGroup(of: ClientCopy.self) { group in
                for client in 0..<20 {
                    group.addTask {
                        var copy = ClientCopy()
                        copy.take(first)
                        while copy.version?.number != 41 {
                            var headers = [("If-None-Match", copy.etag ?? ""), ("Prefer", "wait=20")]
                            if client % 2 == 0 { headers.append(("A-IM", "merge-patch")) }
                            guard let answer = try? await system.state(headers: headers) else {
                                try await Task.sleep(for: .milliseconds(20))
                                continue
                            }
                            copy.take(answer)
                        }
                        return copy
                    }
                }
                for number in 1...40 {
                    _ = try await system.push("{\"n\":\(number)}", id: "c\(number)")
                    if number % 10 == 5 { try await system.poller.restart() }
                }
                let state = try await system.settled()
                for try await copy in group {
                    #expect(copy.violations == [])
                    #expect(copy.bytes == state.bytes)
                }
            }
        }
    }
}
