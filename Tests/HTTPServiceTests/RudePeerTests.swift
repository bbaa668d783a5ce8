import HTTPService
import NIOCore
import Testing

@Suite("Rude peers", .timeLimit(.minutes(1)))
struct RudePeerTests {
    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    @Test(
        "What is not HTTP gets a problem, and the connection ends",
        arguments: [
            "HELLO\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "PUT /deaf HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        ])
    func malformed(bytes: String) async throws {
        try await withServer(limits: limits { $0.linger = .milliseconds(50) }) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(bytes)
                let response = try await connection.response()
                #expect(response.status == 400)
                #expect(response.problem == "malformed-request")
                #expect(response.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("Headers are limited in size and number")
    func headers() async throws {
        try await withServer(
            limits: limits {
                $0.headerFieldBytes = 1_000
                $0.headerBytes = 2_000
                $0.headerFields = 10
            }
        ) { address in
            let long = String(repeating: "x", count: 1_100)
            let medium = String(repeating: "x", count: 900)
            let many = (0..<12).map { "\nX-\($0): y" }.joined()
            for lines in [
                "GET / HTTP/1.1\nHost: x\nX: \(long)", "GET /\(long) HTTP/1.1\nHost: x",
                "GET / HTTP/1.1\nHost: x\nX: \(medium)\nY: \(medium)\nZ: \(medium)", "GET / HTTP/1.1\nHost: x\(many)",
            ] {
                let response = try await exchange(address, lines)
                #expect(
                    response.problem == "header-too-large" || response.problem == "malformed-request", "\(response)")
            }
        }
    }

    @Test("A header that drips is cut off at the deadline, however steadily it comes")
    func slowHead() async throws {
        try await withServer(limits: limits { $0.headDeadline = .milliseconds(300) }) { address in
            try await RawConnection.with(address) { connection in
                let start = ContinuousClock.now
                try await connection.send("GET / HTTP/1.1\r\n")
                #expect(try await connection.rest(whileSending: "X: y\r\n", every: .milliseconds(20)) == "")
                #expect(ContinuousClock.now - start >= .milliseconds(250))
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    @Test("A second request's header has the same deadline from its first byte")
    func slowSecondHead() async throws {
        try await withServer(limits: limits { $0.headDeadline = .milliseconds(200) }) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                #expect(try await connection.response().status == 200)
                // Idle for longer than the deadline, which does not count: nothing has begun.
                try await Task.sleep(for: .milliseconds(400))
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                #expect(try await connection.response().status == 200)
                try await connection.send("GET /v1/ap")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A body that drips gets a time-out at the deadline")
    func slowBody() async throws {
        try await withServer(
            limits: limits {
                $0.bodyDeadline = .milliseconds(300)
                $0.linger = .milliseconds(100)
            }
        ) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    lines: "PUT /v1/apps/a/changes/c1 HTTP/1.1\nHost: x\nContent-Length: 1000", body: "x")
                let response = try await connection.response()
                #expect(response.status == 408)
                #expect(response.problem == "request-timeout")
                #expect(response.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A connection that stays idle is closed")
    func idle() async throws {
        try await withServer(limits: limits { $0.keepAlive = .milliseconds(200) }) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                #expect(try await connection.response().status == 200)
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A peer that reads its answer steadily gets all of it, though it takes many times as long")
    func readsSlowly() async throws {
        let limits = self.limits {
            $0.writeStall = .milliseconds(300)
            $0.linger = .milliseconds(100)
        }
        try await withServer(limits: limits) { address in
            try await RawConnection.with(address, readBytes: 1 << 16) { connection in
                try await connection.send(lines: "GET /large HTTP/1.1\nHost: x\nConnection: close")
                let start = ContinuousClock.now
                let count = try await connection.count(pausing: .milliseconds(2), for: .seconds(60))
                #expect(count > 64 << 20)
                // Longer than the last answer's linger time, too.
                #expect(ContinuousClock.now - start > .milliseconds(1_000))
            }
        }
    }

    @Test("A peer that does not read its answer loses it")
    func doesNotRead() async throws {
        try await withServer(limits: limits { $0.writeStall = .milliseconds(200) }) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /large HTTP/1.1\nHost: x")
                // Nothing is read meanwhile, so what the sockets' buffers do not take stays with the server.
                try await Task.sleep(for: .milliseconds(1_500))
                let received = try? await connection.rest()
                #expect((received?.utf8.count ?? 0) < 64 << 20)
            }
        }
    }
}
