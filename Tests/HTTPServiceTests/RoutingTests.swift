import Documents
import Fold
import HTTPService
import HTTPTypes
import Metrics
import NIOCore
import Synchronization
import Testing

@Suite("Routing", .timeLimit(.minutes(1)))
struct RoutingTests {
    @Test("A route is given its application, percent-decoded")
    func application() async throws {
        try await withServer { address in
            let response = try await exchange(address, "GET /v1/apps/a%2eb%7e/state?fresh=1 HTTP/1.1\nHost: x")
            #expect(response.status == 200)
            #expect(response.body == #"{"app":"a.b~","fresh":true}"#)
        }
    }

    @Test(
        "What is no id is refused as such, whatever the route",
        arguments: [
            "/v1/apps/.a/state", "/v1/apps/a%2fb/state", "/v1/apps/..%2f/state", "/v1/apps/%C3%A9/state",
            "/v1/apps/a%00/state",
        ])
    func invalidID(path: String) async throws {
        try await withServer { address in
            let response = try await exchange(address, "GET \(path) HTTP/1.1\nHost: x")
            #expect(response.status == 400)
            #expect(response.problem == "invalid-id")
        }
    }

    @Test(
        "Unknown, doubled and open-ended paths are not found",
        arguments: [
            "/", "/v1", "/v1/apps//state", "/v1/apps/a/state/", "//v1/apps/a/state", "/v1/apps/a%zz/state",
            "/v1/apps/%ff/state", "/V1/apps/a/state",
        ])
    func notFound(path: String) async throws {
        try await withServer { address in
            let response = try await exchange(address, "GET \(path) HTTP/1.1\nHost: x")
            #expect(response.status == 404)
            #expect(response.problem == "not-found")
        }
    }

    @Test("A path may end with a slash where the route's template does, and the handler sees whether it did")
    func folder() async throws {
        try await withServer { address in
            for path in ["/folder/", "/folder"] {
                let response = try await exchange(address, "GET \(path) HTTP/1.1\nHost: x")
                #expect(response.status == 200 && response.body == path)
                let put = try await exchange(address, "PUT \(path) HTTP/1.1\nHost: x\nContent-Length: 0")
                #expect(put.status == 405 && put.headers["allow"] == "GET, HEAD")
            }
            for path in ["/folder//", "/folder/x", "/folder/x/", "/unchanged/"] {
                let response = try await exchange(address, "GET \(path) HTTP/1.1\nHost: x")
                #expect(response.status == 404, "\(path)")
            }
        }
    }

    @Test("A wrong method is told the right ones", arguments: ["POST", "PATCH", "OPTIONS", "PROPFIND"])
    func methodNotAllowed(method: String) async throws {
        try await withServer { address in
            let response = try await exchange(
                address, "\(method) /v1/apps/a/state HTTP/1.1\nHost: x\nContent-Length: 0")
            #expect(response.status == 405)
            #expect(response.problem == "method-not-allowed")
            #expect(response.headers["allow"] == "GET, HEAD")
        }
    }

    @Test("HEAD is GET without the body, and with its length")
    func head() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "HEAD /v1/apps/a/state HTTP/1.1\nHost: x")
                let head = try await connection.response(toHead: true)
                try await connection.send(lines: "GET /v1/apps/a/state HTTP/1.1\nHost: x")
                let get = try await connection.response()
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == String(get.body.utf8.count))
            }
        }
    }

    @Test("What a handler did not foresee says nothing about itself")
    func internalError() async throws {
        try await withServer { address in
            let response = try await exchange(address, "GET /broken HTTP/1.1\nHost: x")
            #expect(response.status == 500)
            #expect(response.problem == "internal-error")
            #expect(!response.body.contains("swordfish"))
            #expect(try response.document["request"]?.stringValue?.isEmpty == false)
        }
    }

    @Test("Every problem's type leads to a page about it")
    func pages() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                for kind in ProblemKind.allCases {
                    try await connection.send(lines: "GET \(kind.type) HTTP/1.1\nHost: x")
                    let page = try await connection.response()
                    #expect(page.status == 200)
                    #expect(page.body.contains(kind.title))
                }
                try await connection.send(lines: "GET /problems/none HTTP/1.1\nHost: x")
                #expect(try await connection.response().status == 404)
                try await connection.send(lines: "GET /problems HTTP/1.1\nHost: x")
                #expect(try await connection.response().body.contains("backlog-full"))
            }
        }
    }

    @Test("304 and 204 have no body and no length of one")
    func empty() async throws {
        try await withServer { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: "GET /unchanged HTTP/1.1\nHost: x")
                let unchanged = try await connection.response(toHead: true)
                #expect(unchanged.status == 304)
                #expect(unchanged.headers["etag"] == "\"e-1\"")
                #expect(unchanged.headers["transfer-encoding"] == nil)
                try await connection.send(lines: "DELETE /v1/apps/a HTTP/1.1\nHost: x")
                let deleted = try await connection.response(toHead: true)
                #expect(deleted.status == 204)
                #expect(deleted.headers["content-length"] == nil)
            }
        }
    }
}
