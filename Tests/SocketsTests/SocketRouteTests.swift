import HTTPService
import Logging
import Metrics
import NIOCore
import TestSupport
import Testing

@testable import Sockets

@Suite("The socket's path over plain HTTP", .timeLimit(.minutes(1)))
struct SocketRouteTests {
    /// Runs a server with the route around the body.
    private func withRoute(_ body: @escaping @Sendable (SocketAddress) async throws -> Void) async throws {
        let (addresses, listening) = AsyncStream<SocketAddress>.makeStream()
        let server = HTTPServer(
            HTTPServer.Configuration(address: .host("127.0.0.1", port: 0)), roles: [SocketRoutes()],
            metrics: NOOPMetricsHandler.instance, logger: Logger(label: "test")
        ) { address in
            if let address { listening.yield(address) }
            listening.finish()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await address in addresses { try await body(address) }
            group.cancelAll()
        }
    }

    @Test("Without an upgrade the answer says what is needed")
    func upgradeRequired() async throws {
        try await withRoute { address in
            try await WireClient.with(address) { client in
                let head = try await client.shake(
                    "GET /v1/apps/board/socket HTTP/1.1\nHost: localhost\nConnection: close"
                )
                .lowercased()
                #expect(head.hasPrefix("http/1.1 426 "))
                #expect(head.contains("\r\nupgrade: websocket"))
                #expect(head.contains("\r\nsec-websocket-version: 13"))
                #expect(head.contains("\r\ncontent-type: application/problem+json"))
                let body = try await client.rest()
                #expect(body.contains("/problems/upgrade-required"))
            }
        }
    }
}
