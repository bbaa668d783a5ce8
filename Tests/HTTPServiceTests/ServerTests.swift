import Foundation
import HTTPService
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import MetricsTestKit
import NIOCore
import ServiceLifecycle
import Testing

@Suite("The server as a service", .timeLimit(.minutes(1)))
struct ServerTests {
    /// A route that answers when it is let go.
    struct Patient: RouteProvider {
        let arrived: AsyncStream<Void>.Continuation
        let gate: AsyncStream<Void>

        func addRoutes(to routes: inout Routes) {
            routes.on(.get, "/wait", action: .open) { _ in
                arrived.yield()
                for await _ in gate { break }
                return Response(status: .ok)
            }
        }
    }

    @Test("A graceful stop answers what is under way and closes what is idle")
    func gracefulStop() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let (gate, release) = AsyncStream<Void>.makeStream()
        let (addresses, listening) = AsyncStream<SocketAddress>.makeStream()
        let logger = Logger(label: "test") { _ in QuietLog() }
        let server = HTTPServer(
            HTTPServer.Configuration(address: .host("127.0.0.1", port: 0)),
            roles: [EchoRoutes(), Patient(arrived: arrived, gate: gate)], metrics: NOOPMetricsHandler.instance,
            logger: logger
        ) { address in
            if let address { listening.yield(address) }
        }
        let group = ServiceGroup(services: [server], logger: logger)
        async let running: Void = group.run()
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        try await RawConnection.with(address) { idle in
            try await idle.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
            _ = try await idle.response()
            try await RawConnection.with(address) { busy in
                try await busy.send(lines: "GET /wait HTTP/1.1\nHost: x")
                for await _ in arrivals { break }
                await group.triggerGracefulShutdown()
                #expect(try await idle.rest() == "")
                release.yield()
                #expect(try await busy.response().status == 200)
                #expect(try await busy.rest() == "")
            }
        }
        try await running
    }

    @Test("A unix socket serves as well as a port, and replaces one that was left behind")
    func unixSocket() async throws {
        let path = "/tmp/cistern-http-\(UInt32.random(in: 0...UInt32.max)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for _ in 0..<2 {
            let (listens, continuation) = AsyncStream<Void>.makeStream()
            let server = HTTPServer(
                HTTPServer.Configuration(address: .unix(path: path)), roles: [EchoRoutes()],
                metrics: NOOPMetricsHandler.instance, logger: Logger(label: "test") { _ in QuietLog() }
            ) { _ in
                continuation.yield()
            }
            let task = Task { try await server.run() }
            for await _ in listens { break }
            let address = try SocketAddress(unixDomainSocketPath: path)
            #expect(try await exchange(address, "GET /v1/apps/a/state HTTP/1.1\nHost: x").status == 200)
            task.cancel()
            _ = await task.result
        }
    }

    @Test("Requests are counted and timed by route and class of status, waits apart")
    func metrics() async throws {
        let metrics = TestMetrics()
        try await withServer(metrics: metrics) { address in
            for request in [
                "GET /v1/apps/a/state", "HEAD /v1/apps/b/state", "GET /v1/apps/.c/state", "GET /v1/apps/d/state",
                "GET /no/where",
            ] {
                let wait = request.contains("/d/") ? "\nPrefer: wait=1" : ""
                _ = try await exchange(
                    address, "\(request) HTTP/1.1\nHost: x\(wait)", toHead: request.hasPrefix("HEAD"))
            }
        }
        let state = [("method", "GET"), ("route", "/v1/apps/{app}/state")]
        #expect(try metrics.expectCounter("http_requests", state + [("status", "2xx")]).totalValue == 3)
        #expect(try metrics.expectCounter("http_requests", state + [("status", "4xx")]).totalValue == 1)
        #expect(try metrics.expectTimer("http_request_seconds", state + [("wait", "no")]).values.count == 3)
        #expect(try metrics.expectTimer("http_request_seconds", state + [("wait", "yes")]).values.count == 1)
        let unrouted = [("method", "other"), ("route", "none"), ("status", "4xx")]
        #expect(try metrics.expectCounter("http_requests", unrouted).totalValue == 1)
        #expect(try metrics.expectMeter("http_requests_in_flight").lastValue == 0)
    }

    @Test("Above the cap connections wait until another closes")
    func cap() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        let metrics = TestMetrics()
        try await withServer(limits: limits, metrics: metrics) { address in
            try await RawConnection.with(address) { first in
                try await first.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                #expect(try await first.response().status == 200)
                async let second = exchange(address, "GET /v1/apps/b/state HTTP/1.1\nHost: x")
                try await first.send(lines: "GET /v1/apps/c/state HTTP/1.1\nHost: x\nConnection: close")
                #expect(try await first.response().body.contains("\"c\""))
                #expect(try await first.rest() == "")
                first.finish()
                #expect(try await second.body.contains("\"b\""))
            }
        }
        #expect(try metrics.expectMeter("http_connections").values.max() == 1)
    }
}
