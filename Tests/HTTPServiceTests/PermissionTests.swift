import Fold
import Grants
import HTTPService
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Believes tokens that are the names of grants, and counts how often it is asked.
final class Bearers: Permission {
    let asked = Atomic(0)
    let trust = Caller.Trust()
    private let grants: [String: Grant]
    private let lives: TimeAmount?

    /// - Parameter lives: How long a token is good from the moment it is asked about.
    init(_ scopes: [String: String], lives: TimeAmount? = nil) throws {
        grants = try scopes.mapValues { try Grant($0) }
        self.lives = lives
    }

    func caller(bearing token: [UInt8]) throws(Problem) -> Caller {
        asked.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let name = String(decoding: token, as: UTF8.self)
        guard let grant = grants[name], !trust.isOver else { throw .invalidToken("Nobody is called that.") }
        return Caller(name: name, grant: grant, expires: lives.map { .now() + $0 } ?? .distantFuture, trust: trust)
    }

    var askedCount: Int { asked.load(ordering: .sequentiallyConsistent) }
}

@Suite("Permission", .timeLimit(.minutes(1)))
struct PermissionTests {
    private static let scopes = ["reader": "poll:*", "admin": "admin:*", "some": "poll:now1 poll:a", "none": ""]

    @Test("Each route is allowed to whom its action is, and a refusal keeps the handler from running")
    func everyRoute() async throws {
        try await withServer(permission: Bearers(Self.scopes)) { address in
            for (request, token, status) in [
                ("GET /v1/apps/a/state", "reader", 200), ("GET /v1/apps/b/state", "some", 403),
                ("GET /v1/apps/a/state", "admin", 403), ("GET /v1/apps/a/state", "nobody", 401),
                ("DELETE /v1/apps/a", "reader", 403), ("DELETE /v1/apps/a", "admin", 204),
                ("GET /problems", "nobody", 200),
            ] {
                let response = try await exchange(
                    address, "\(request) HTTP/1.1\nHost: x\nAuthorization: Bearer \(token)")
                #expect(response.status == status, "\(request) by \(token)")
            }
        }
    }

    @Test("A lane refuses with the same words as its route, and says how to ask (RFC 6750 §3)")
    func lanesAndRoutes() async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes], permission: Bearers(Self.scopes)) { address in
            for (field, status, challenge) in [
                ("X: y", 401, "Bearer realm=\"cistern\""),
                ("Authorization: Basic YTpi", 401, "Bearer realm=\"cistern\", error=\"invalid_token\""),
                ("Authorization: Bearer", 401, "Bearer realm=\"cistern\", error=\"invalid_token\""),
                ("Authorization: Bearer nobody", 401, "Bearer realm=\"cistern\", error=\"invalid_token\""),
                ("Authorization: Bearer reader x", 401, "Bearer realm=\"cistern\", error=\"invalid_token\""),
                (
                    "Authorization: Bearer none", 403,
                    "Bearer realm=\"cistern\", error=\"insufficient_scope\", scope=\"poll:now2\""
                ),
            ] {
                let lane = try await exchange(address, "GET /v1/apps/now2/state HTTP/1.1\nHost: x\n\(field)")
                // A condition sends it to its route.
                let route = try await exchange(
                    address, "GET /v1/apps/now2/state HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\(field)\n\n0\n\n")
                for answer in [lane, route] {
                    #expect(answer.status == status, "\(field)")
                    #expect(answer.headers["www-authenticate"] == challenge, "\(field)")
                }
                #expect(lane.body == route.body, "\(field)")
            }
            #expect(lanes.askedCount == 0)
            let allowed = try await exchange(
                address, "GET /v1/apps/now2/state HTTP/1.1\nHost: x\nauthorization: bEARER   reader")
            #expect(allowed.origin == "lane now2")
        }
    }

    @Test("A token is verified once for each event loop and once for all routes, however often it comes")
    func remembered() async throws {
        let bearers = try Bearers(Self.scopes)
        try await withServer(lanes: [StubLanes()], permission: bearers) { address in
            for round in 0..<200 {
                // Not the bytes of the request before, which would not be looked at again.
                let text = poll("now\(round)", "Authorization: Bearer reader\r\n")
                let lane = try await RawConnection.with(address) { connection in
                    try await connection.send(text)
                    return try await connection.response()
                }
                #expect(lane.origin == "lane now\(round)")
                let route = try await exchange(
                    address, "GET /v1/apps/a/state HTTP/1.1\nHost: x\nAuthorization: Bearer reader")
                #expect(route.status == 200)
            }
        }
        #expect(bearers.askedCount <= System.coreCount + 1)
    }

    @Test("What was remembered of a token ends with the keys it was verified by")
    func revoked() async throws {
        let bearers = try Bearers(Self.scopes)
        try await withServer(lanes: [StubLanes()], permission: bearers) { address in
            try await RawConnection.with(address) { connection in
                let request = poll("now1", "Authorization: Bearer reader\r\n")
                try await connection.send(request)
                #expect(try await connection.response().origin == "lane now1")
                bearers.trust.end()
                // Other bytes than before: the token is looked at again.
                try await connection.send(poll("a", "Authorization: Bearer reader\r\n"))
                #expect(try await connection.response().status == 401)
            }
        }
    }

    @Test("A connection that sends the same bytes again is refused a tick after its keys ended, too")
    func revokedForRepeats() async throws {
        let bearers = try Bearers(Self.scopes)
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(200)
        try await withServer(lanes: [StubLanes()], limits: limits, permission: bearers) { address in
            try await RawConnection.with(address) { connection in
                let request = poll("now1", "Authorization: Bearer reader\r\n")
                for _ in 0..<2 {
                    try await connection.send(request)
                    #expect(try await connection.response().origin == "lane now1")
                }
                bearers.trust.end()
                try await eventually("the same request is refused") {
                    try await connection.send(request)
                    return try await connection.response().status == 401
                }
            }
        }
    }

    @Test("A token is verified again when its time is over, on the connection that sends the same bytes again, too")
    func expired() async throws {
        let bearers = try Bearers(Self.scopes, lives: .milliseconds(50))
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(200)
        try await withServer(lanes: [StubLanes()], limits: limits, permission: bearers) { address in
            try await RawConnection.with(address) { connection in
                try await eventually("the token is verified again") {
                    try await connection.send(poll("now1", "Authorization: Bearer reader\r\n"))
                    _ = try await connection.response()
                    return bearers.askedCount > 2
                }
            }
        }
    }
}
