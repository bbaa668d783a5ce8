import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `scripts/test-contract` holds answers against the description; here it is held against what the daemons have.
@Suite("The description of the contract in /openapi.json", .timeLimit(.minutes(20)))
struct DescriptionTests {
    @Test("Every route that a daemon has is described, and all that is described is a route; the front has all of them")
    func routes() async throws {
        var described: Set<String> = []
        try await withCistern(.front) { system in
            described = Self.operations(of: try await system.get("/openapi.json").json)
            let front = try await Self.routes(of: system.poller, system)
            #expect(front.sorted() == described.sorted())
        }
        try await withCistern(.split) { system in
            var routes: Set<String> = []
            for daemon in system.daemons { routes.formUnion(try await Self.routes(of: daemon, system)) }
            #expect(routes.sorted() == described.sorted())
        }
    }

    @Test("Every kind of problem is described, with its status, where it can come")
    func problems() async throws {
        var (description, page) = (Document.null, "")
        try await withCistern { system in
            description = try await system.get("/openapi.json").json
            page = try await system.get("/problems").text
        }
        let statuses = Self.statuses(in: page)
        #expect(statuses.count > 40)
        let schemas = try #require(description["components"]?["schemas"])
        let all = try #require(Self.kinds(in: schemas["Problem"]))
        #expect(all == statuses.keys.sorted())

        let named = description["paths"]?["/problems/{problem}"]?["parameters"]?.elements.map { $0["schema"] }
        let slugs = named?.first??["enum"]?.elements.compactMap(\.stringValue) ?? []
        #expect(slugs.sorted().map { "/problems/" + $0 } == all)

        // Of answers that no operation has, and so none can be described for.
        var seen: Set<String> = ["/problems/method-not-allowed"]
        for name in ["Reason", "Refusal"] { seen.formUnion(try #require(Self.kinds(in: schemas[name]))) }
        for answer in Self.answers(in: description) {
            let content = answer.document["content"]?["application/problem+json"]
            #expect((content != nil) == (answer.status >= 400), "\(answer.place)")
            for kind in Self.kinds(in: content?["schema"]) ?? [] {
                #expect(statuses[kind] == answer.status, "\(answer.place): \(kind)")
                seen.insert(kind)
            }
        }
        #expect(seen.sorted() == all)
    }

    /// The status of each problem, by the page that lists them.
    private static func statuses(in page: String) -> [String: Int] {
        var statuses: [String: Int] = [:]
        for row in page.matches(of: /<td>(\d+)<\/td><td><a href="([^"]+)"/) { statuses["/\(row.2)"] = Int(row.1) }
        return statuses
    }

    /// `GET /v1/apps` and so on.
    private static func operations(of description: Document) -> Set<String> {
        var operations: Set<String> = []
        for (path, item) in (description["paths"] ?? .emptyObject).members {
            for (method, _) in item.members where method != "parameters" {
                operations.insert("\(method.uppercased()) \(path)")
            }
        }
        return operations
    }

    /// The routes that a daemon counts requests of, which are all it has, without those of pages and scripts.
    private static func routes(of daemon: DaemonProcess, _ system: TestCistern) async throws -> Set<String> {
        let metrics = try await system.get("/metrics", from: daemon).text
        let routes = Set(
            metrics.matches(of: /http_requests_total\{method="([A-Z]+)",route="(\/[^"]*)"/).map { "\($0.1) \($0.2)" })
        #expect(routes.contains("GET /healthz") && routes.contains("GET /problems"), "\(daemon.program.rawValue)")
        let files = try webFiles()
        return routes.filter { route in
            let name = route.dropFirst("GET /".count).prefix { $0 != "/" }
            return route == "GET /openapi.json" || !(route.hasPrefix("GET ") && files.contains(String(name)))
        }
    }

    /// The names at the top of the folder whose files are served, and the empty name of its index.
    private static func webFiles() throws -> Set<String> {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/Pages/Web").standardizedFileURL
        return Set(try FileManager.default.contentsOfDirectory(atPath: folder.path()) + [""])
    }

    /// The problems' types that a schema allows, in order.
    private static func kinds(in schema: Document?) -> [String]? {
        schema?["properties"]?["type"]?["enum"]?.elements.compactMap(\.stringValue).sorted()
    }

    private struct DescribedAnswer {
        let place: String
        let status: Int
        let document: Document
    }

    private static func answers(in description: Document) -> [DescribedAnswer] {
        let shared = description["components"]?["responses"] ?? .emptyObject
        var answers: [DescribedAnswer] = []
        for (path, item) in (description["paths"] ?? .emptyObject).members {
            for (method, operation) in item.members {
                for (status, answer) in (operation["responses"] ?? .emptyObject).members {
                    let name = answer["$ref"]?.stringValue?.split(separator: "/").last.map(String.init)
                    answers.append(
                        DescribedAnswer(
                            place: "\(method) \(path) \(status)", status: Int(status) ?? 0,
                            document: name.flatMap { shared[$0] } ?? answer))
                }
            }
        }
        return answers
    }
}
