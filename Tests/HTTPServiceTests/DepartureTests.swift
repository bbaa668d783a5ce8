import HTTPService
import Hummingbird
import NIOCore
import Synchronization
import TestSupport
import Testing

/// A route that waits as long as anybody is there to be answered.
private struct PatientRoutes: RouteProvider {
    let counts = Counts()

    final class Counts: Sendable {
        let begun = Atomic(0)
        let ended = Atomic(0)
    }

    func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/patient", action: .open) { [counts] call in
            let seconds = try call.query.integer("seconds", in: 0...100) ?? 100
            counts.begun.add(1, ordering: .sequentiallyConsistent)
            let wasCancelled = await call.whileConnected {
                try? await Task.sleep(for: .seconds(seconds))
                return Task.isCancelled
            }
            counts.ended.add(1, ordering: .sequentiallyConsistent)
            return Response(status: wasCancelled ? .accepted : .noContent)
        }
    }

    var begun: Int { counts.begun.load(ordering: .sequentiallyConsistent) }
    var ended: Int { counts.ended.load(ordering: .sequentiallyConsistent) }
}

@Suite("Clients that go while they wait", .timeLimit(.minutes(1)))
struct DepartureTests {
    @Test("A request that waits is given up when its client closes the connection")
    func closed() async throws {
        let routes = PatientRoutes()
        try await withServer(roles: [routes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /patient HTTP/1.1\nHost: x")
                try await eventually("it waits") { routes.begun == 1 }
                #expect(routes.ended == 0)
            }
            try await eventually("it has ended") { routes.ended == 1 }
        }
    }

    @Test("A client that closes its side only is answered at once with what there is")
    func halfClosed() async throws {
        let routes = PatientRoutes()
        try await withServer(roles: [routes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /patient HTTP/1.1\nHost: x")
                try await eventually("it waits") { routes.begun == 1 }
                connection.finish()
                #expect(try await connection.response().status == 202)
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("A connection serves any number of requests that have waited")
    func keptOpen() async throws {
        let routes = PatientRoutes()
        try await withServer(roles: [routes]) { address in
            try await RawConnection.with(address) { connection in
                for _ in 0..<20 {
                    try await connection.send(lines: "GET /patient?seconds=0 HTTP/1.1\nHost: x")
                    #expect(try await connection.response().status == 204)
                }
                try await connection.send(lines: "GET /patient HTTP/1.1\nHost: x")
                try await eventually("it waits") { routes.begun == 21 }
            }
            try await eventually("all have ended") { routes.ended == 21 }
        }
    }
}
