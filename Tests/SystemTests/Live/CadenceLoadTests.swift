import Synchronization
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: how soon the next poll is welcome", .timeLimit(.minutes(20)))
struct CadenceLoadTests {
    /// Requests that are sent in one go: their answers fit into the buffers of the system.
    private static let pipelined = 2_000

    private static func interval(_ system: TestCistern) async throws -> Int {
        let answer = try await system.state()
        return answer["Cistern-Poll-Interval"].flatMap { Int($0) } ?? -1
    }

    @Test("It grows while more is asked than one event loop can answer, and comes back when that is over")
    func growsAndShrinks() async throws {
        let flags = ["--event-loops", "1", "--poll-interval", "100ms"]
        try await withCistern(CisternOptions(layout: .split, pollFlags: flags)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c0")
            #expect(try await Self.interval(system) == 100)
            let request =
                "GET /v1/apps/board/state HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(state["ETag"] ?? "")\r\n\r\n"
            // Enough that the loop is never idle, whatever else runs on the machine.
            let requests = Array(String(repeating: request, count: Self.pipelined).utf8)
            let isOver = Flag()
            var longest = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let connection = try AskingConnection(port: system.poller.port, request)
                        while !isOver.isSet {
                            connection.ask(requests, answers: Self.pipelined)
                            await Task.yield()
                        }
                    }
                }
                defer { isOver.set() }
                try await eventually(within: .seconds(30), poll: .milliseconds(50), "the interval grows") {
                    longest = try await Self.interval(system)
                    return longest >= 150
                }
            }
            #expect(longest <= 1_600)
            try await eventually(within: .seconds(30), poll: .milliseconds(200), "the interval comes back") {
                try await Self.interval(system) == 100
            }
        }
    }
}

/// Sends many requests in one go and reads about as many answers. It looks at nothing, so that the server has more to do than it.
private final class AskingConnection {
    private let connection: WireConnection
    private let answerBytes: Int

    init(port: Int, _ request: String) throws {
        connection = try WireConnection(port: port)
        connection.send(Array(request.utf8)[...])
        connection.read(until: .now + .seconds(10)) { $0.suffix(4) == Array("\r\n\r\n".utf8) }
        answerBytes = connection.received.count
        guard answerBytes > 0 else { throw TestSupportError("No answer.") }
    }

    func ask(_ requests: [UInt8], answers: Int) {
        connection.forget()
        connection.send(requests[...])
        connection.read(until: .now + .seconds(10)) { $0.count >= answers * answerBytes }
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
