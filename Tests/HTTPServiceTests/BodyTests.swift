import Documents
import HTTPService
import NIOCore
import Testing

@Suite("Bodies", .timeLimit(.minutes(1)))
struct BodyTests {
    private let put = "PUT /v1/apps/a/changes/c1 HTTP/1.1\nHost: x"

    @Test("A body of the largest size is taken, whole or in chunks")
    func largest() async throws {
        try await withServer { [put] address in
            let body = String(repeating: "x", count: EchoRoutes.bodyLimit)
            let whole = try await exchange(address, "\(put)\nContent-Length: \(body.utf8.count)", body: body)
            #expect(whole.body == #"{"bytes":1000,"id":"c1"}"#)
            let chunks = "1f4\r\n\(body.prefix(500))\r\n1f4\r\n\(body.prefix(500))\r\n0\r\n\r\n"
            #expect(try await exchange(address, "\(put)\nTransfer-Encoding: chunked", body: chunks).status == 201)
        }
    }

    @Test("A body that is announced too large is refused before it is sent")
    func announced() async throws {
        try await withServer { [put] address in
            let response = try await exchange(address, "\(put)\nContent-Length: 1001")
            #expect(response.status == 413)
            #expect(response.problem == "change-too-large")
            #expect(try response.document["limit"]?.integerValue == EchoRoutes.bodyLimit)
        }
    }

    @Test("A body in chunks is refused as soon as it is too large, and the connection ends")
    func chunked() async throws {
        try await withServer { [put] address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "\(put)\nTransfer-Encoding: chunked")
                let chunk = "100\r\n" + String(repeating: "x", count: 256) + "\r\n"
                for _ in 0..<4 { try await connection.send(chunk) }
                let response = try await connection.response()
                #expect(response.problem == "change-too-large")
                #expect(response.headers["connection"] == "close")
                connection.finish()
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A small body that nobody read does not cost the connection")
    func unread() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "PUT /deaf HTTP/1.1\nHost: x\nContent-Length: 5")
                #expect(try await connection.response().status == 415)
                try await connection.send("hello")
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                #expect(try await connection.response().status == 200)
            }
        }
    }

    @Test("A large body that nobody reads ends the connection after the answer")
    func largeUnread() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "PUT /deaf HTTP/1.1\nHost: x\nContent-Length: 1000000")
                let response = try await connection.response()
                #expect(response.status == 415)
                #expect(response.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A client that waits for “100 Continue” is told so if its body is wanted")
    func continues() async throws {
        try await withServer { [put] address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "\(put)\nContent-Length: 5\nExpect: 100-continue")
                #expect(try await connection.response().status == 100)
                try await connection.send("hello")
                #expect(try await connection.response().status == 201)
            }
        }
    }

    @Test("A client that waits for “100 Continue” is refused at once if its body is not wanted")
    func doesNotContinue() async throws {
        try await withServer { [put] address in
            let response = try await exchange(address, "\(put)\nContent-Length: 5000\nExpect: 100-continue")
            #expect(response.status == 413)
        }
    }

    @Test("A body that ends early is never taken for a whole one")
    func truncated() async throws {
        try await withServer { [put] address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "\(put)\nContent-Length: 10", body: "hello")
                connection.finish()
                let answer = try await connection.rest()
                #expect(answer.isEmpty || answer.contains("malformed-request"), "\(answer)")
                #expect(!answer.contains("201"))
            }
        }
    }

    @Test("When bodies in memory take too much together, more are refused with a time to come back")
    func budget() async throws {
        var limits = HTTPLimits()
        limits.bodiesInFlightBytes = 1_500
        try await withServer(limits: limits) { [put] address in
            try await RawConnection.with(address) { first in
                try await first.send(lines: "\(put)\nContent-Length: 1000\nExpect: 100-continue")
                #expect(try await first.response().status == 100)
                let second = try await exchange(address, "\(put)\nContent-Length: 1000")
                #expect(second.status == 503)
                #expect(second.problem == "overloaded")
                #expect(second.headers["retry-after"] == "1")
                try await first.send(String(repeating: "x", count: 1_000))
                #expect(try await first.response().status == 201)
            }
            let body = String(repeating: "x", count: 1_000)
            #expect(try await exchange(address, "\(put)\nContent-Length: 1000", body: body).status == 201)
        }
    }
}
