import HTTPService
import Testing

@testable import HTTPService

@Suite("A server that drains before it stops", .timeLimit(.minutes(1)))
struct DrainTests {
    /// Longer than any of these tests may take.
    private static let long = Duration.seconds(30)

    @Test(
        "Each connection gets its next answer, which says that it is the last; then the server ends without waiting for the time to pass",
        arguments: [["now1"], ["a"], ["later1"], ["now1", "a"], ["noted1", "noted1"], ["leave1"]])
    func lastAnswers(earlier: [String]) async throws {
        let start = ContinuousClock.now
        try await withStoppableServer(lanes: [StubLanes()], drainTime: Self.long) { server in
            try await RawConnection.with(server.address) { first in
                try await RawConnection.with(server.address) { second in
                    for name in earlier {
                        for connection in [first, second] {
                            try await connection.send(poll(name))
                            #expect(try await connection.response().headers["connection"] == nil)
                        }
                    }
                    await server.stop()
                    // The drain has reached this connection when an answer says so.
                    try await untilLast(first, earlier[0])
                    #expect(try await first.rest() == "")
                    try await second.send(poll(earlier[0]))
                    let answer = try await second.response()
                    #expect(answer.status == 200)
                    #expect(answer.headers["connection"] == "close")
                    #expect(try await second.rest() == "")
                }
            }
            try await server.ended()
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    /// Asks until the connection ends.
    private func untilLast(_ connection: RawConnection, _ name: String) async throws {
        while true {
            try await connection.send(poll(name))
            let answer = try await connection.response()
            #expect(answer.status == 200)
            if answer.headers["connection"] == "close" { return }
        }
    }

    @Test("Of requests that were sent together all are answered, and only the last one's answer ends the connection")
    func together() async throws {
        try await withStoppableServer(lanes: [StubLanes()], drainTime: Self.long) { server in
            try await RawConnection.with(server.address) { marker in
                try await RawConnection.with(server.address) { connection in
                    try await connection.send(poll("now1"))
                    _ = try await connection.response()
                    await server.stop()
                    try await untilLast(marker, "now1")
                    try await connection.send(poll("now1") + poll("now2"))
                    let (one, two) = (try await connection.response(), try await connection.response())
                    #expect(one.status == 200 && one.headers["connection"] == nil)
                    #expect(two.status == 200 && two.headers["connection"] == "close")
                    #expect(try await connection.rest() == "")
                }
            }
        }
    }

    @Test("Who waits is let wait, and answered with “Connection: close” when everybody else has gone")
    func waiting() async throws {
        let lanes = LiveLanes()
        try await withStoppableServer(lanes: [lanes], drainTime: Self.long) { server in
            try await RawConnection.with(server.address) { waiting in
                try await waiting.send(poll("patient1"))
                while try await lanes.count() < 1 { await Task.yield() }
                try await RawConnection.with(server.address) { idle in
                    try await idle.send(poll("now1"))
                    _ = try await idle.response()
                    await server.stop()
                    try await untilLast(idle, "now1")
                }
                let answer = try await waiting.response()
                #expect(answer.headers["connection"] == "close")
                #expect(try await waiting.rest() == "")
            }
            try await server.ended()
        }
    }

    @Test("What is idle for longer than the drain takes is closed then")
    func idle() async throws {
        try await withStoppableServer(lanes: [StubLanes()], drainTime: .milliseconds(50)) { server in
            try await RawConnection.with(server.address) { idle in
                try await idle.send(poll("now1"))
                _ = try await idle.response()
                await server.stop()
                #expect(try await idle.rest() == "")
            }
            try await server.ended()
        }
    }
}
