import HTTPService
import NIOCore
import Testing

/// Where one request ends and the next one begins: what two servers behind each other might divide differently is refused (RFC 9112 §6.3,
/// §11.2), and nothing that stands behind it is looked at.
@Suite("How requests are divided", .timeLimit(.minutes(1)))
struct FramingTests {
    private static let next = "GET /v1/apps/next/state HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let chunks = "5\r\nhello\r\n0\r\n\r\n"

    private static func put(_ fields: String, _ body: String) -> String {
        "PUT /v1/apps/board/changes/c1 HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\(body)"
    }

    private static let ambiguous: [String] = [
        put("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks),
        put("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks),
        put("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"),
        put("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
        put("Content-Length: 5, 5\r\n", "hello"), put("Content-Length: +5\r\n", "hello"),
        put("Content-Length: 0x5\r\n", "hello"), put("Content-Length: 99999999999999999999\r\n", "hello"),
        put("Content-Length : 5\r\n", "hello"), put("Content-Length: 5\r\n folded: x\r\n", "hello"),
        put("X: y\r\n z\r\nContent-Length: 5\r\n", "hello"), put("X: \0\r\nContent-Length: 5\r\n", "hello"),
        put("X: y\rContent-Length: 0\r\nContent-Length: 5\r\n", "hello"),
        put("Transfer-Encoding: xchunked\r\n", chunks), put("Transfer-Encoding: chunked, identity\r\n", chunks),
        put("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks),
        put("Transfer-Encoding : chunked\r\n", chunks),
        put("Transfer-Encoding: chunked\r\n", "5x\r\nhello\r\n0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\n", "5\r\nhelloXX0\r\n\r\n"),
        "PUT /v1/apps/board/changes/c1 HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello",
        "PUT /v1/apps/board/changes/c1\r\nHost: x\r\n\r\n",
    ]

    @Test(
        "A request that might end elsewhere is refused, and what stands behind it is not answered", arguments: ambiguous
    )
    func refused(bytes: String) async throws {
        try await withServer(limits: quick) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(bytes + Self.next)
                let response = try await connection.response()
                #expect(response.status == 400, "\(response)")
                #expect(response.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test(
        "Chunks with extensions and trailers end where they say, and the next request is answered",
        arguments: [
            "5;name=value;other=\"x\"\r\nhello\r\n0;last\r\n\r\n", "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
            "2\r\nhe\r\n3\r\nllo\r\n000\r\n\r\n",
        ])
    func chunks(body: String) async throws {
        try await withServer(limits: quick) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(Self.put("Transfer-Encoding: chunked\r\n", body) + Self.next)
                #expect(try await connection.response().body == #"{"bytes":5,"id":"c1"}"#)
                #expect(try await connection.response().body.contains("next"))
            }
        }
    }

    @Test("A chunk extension without an end is not kept for ever")
    func endlessExtension() async throws {
        try await withServer(limits: quick) { address in
            try await RawConnection.with(address) { connection in
                let long = String(repeating: "x", count: 1 << 20)
                try await connection.send(Self.put("Transfer-Encoding: chunked\r\n", "5;" + long))
                let response = try await connection.response()
                #expect([400, 408, 413].contains(response.status), "\(response)")
            }
        }
    }

    private var quick: HTTPLimits {
        var limits = HTTPLimits()
        limits.linger = .milliseconds(50)
        limits.bodyDeadline = .seconds(1)
        return limits
    }
}
