import HTTPService
import NIOCore
import Testing

@Suite("HTTP versions and connections", .timeLimit(.minutes(1)))
struct VersionTests {
    @Test("Requests in one packet are answered in order")
    func pipelined() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                let request = { (app: String) in "GET /v1/apps/\(app)/state HTTP/1.1\r\nHost: x\r\n\r\n" }
                try await connection.send(request("a") + request("b") + request("c"))
                for app in ["a", "b", "c"] { #expect(try await connection.response().body.contains("\"\(app)\"")) }
            }
        }
    }

    @Test("“Connection: close” is heeded in any spelling", arguments: ["close", "Close", "foo, close"])
    func close(value: String) async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x\nConnection: \(value)")
                let response = try await connection.response()
                #expect(response.status == 200)
                #expect(response.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("An HTTP/1.0 client gets the end of the connection, or keeps it if it asks")
    func oldClient() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.0\nConnection: keep-alive")
                #expect(try await connection.response().headers["connection"] == "keep-alive")
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.0")
                #expect(try await connection.response().headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("An HTTP/1.0 client gets a stream without chunks")
    func oldStream() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /stream HTTP/1.0")
                let answer = try await connection.rest()
                #expect(answer.hasSuffix("\r\n\r\none two"), "\(answer)")
            }
        }
    }

    @Test("A client that ends its sending side still gets its answer")
    func halfClosed() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                connection.finish()
                let answer = try await connection.rest()
                #expect(answer.hasPrefix("HTTP/1.1 200"))
            }
        }
    }
}
