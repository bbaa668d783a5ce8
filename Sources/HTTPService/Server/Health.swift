// The routes that every daemon has: does the process live, can it do its work, what are its figures.

package import Documents
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// One thing without which a daemon cannot do its work.
package struct ReadinessCheck: Sendable {
    package enum Result: Sendable {
        /// With what is worth knowing, such as what an acknowledgement rests on.
        case ready(Document = .null)
        /// Why not, and what to do, in one sentence.
        case notReady(String)
    }

    package let name: String
    let look: @Sendable () async -> Result

    package init(_ name: String, look: @escaping @Sendable () async -> Result) {
        self.name = name
        self.look = look
    }

    /// How long all checks together may take; what has not answered then is not ready.
    static let patience = Duration.seconds(2)

    private static let noAnswer = Result.notReady("It did not answer within \(patience).")

    /// What the checks find, all asked at once, in their order.
    package static func results(of checks: [ReadinessCheck]) async -> [(name: String, result: Result)] {
        await withTaskGroup(of: (String, Result)?.self) { group in
            for check in checks { group.addTask { (check.name, await check.look()) } }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            var results: [String: Result] = [:]
            while results.count < checks.count, case (let name, let result)?? = await group.next() {
                results[name] = result
            }
            group.cancelAll()
            return checks.map { ($0.name, results[$0.name] ?? noAnswer) }
        }
    }
}

package struct Health: RouteProvider {
    let checks: [ReadinessCheck]
    let exposition: @Sendable () -> String

    /// - Parameter exposition: The metrics in Prometheus' text format.
    package init(checks: [ReadinessCheck], exposition: @escaping @Sendable () -> String) {
        self.checks = checks
        self.exposition = exposition
    }

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/healthz", action: .open) { _ in
            .json(.object([("status", .string("ok"))]), headers: [.cacheControl: "no-store"])
        }
        routes.on(.get, "/readyz", action: .open) { _ in try await readiness() }
        routes.on(.get, "/metrics", action: .metrics) { _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: exposition())))
        }
    }

    private func readiness() async throws -> Response {
        guard !Task.isShuttingDownGracefully else {
            throw Problem(.notReady, "It is told to stop, and answers what still comes.").retry(after: .seconds(1))
        }
        let results = await ReadinessCheck.results(of: checks)
        let document = Document.object(results.map { ($0.name, Self.describe($0.result)) })
        let failed = results.filter { if case .ready = $0.result { false } else { true } }
        guard failed.isEmpty else {
            let names = failed.map(\.name).joined(separator: ", ")
            throw Problem(.notReady, "Not ready: \(names).").with("checks", document).retry(after: .seconds(1))
        }
        return .json(.object([("status", .string("ok")), ("checks", document)]), headers: [.cacheControl: "no-store"])
    }

    private static func describe(_ result: ReadinessCheck.Result) -> Document {
        switch result {
        case .ready(let details):
            details.isNull
                ? .object([("ready", .bool(true))]) : .object([("ready", .bool(true)), ("details", details)])
        case .notReady(let reason): .object([("ready", .bool(false)), ("reason", .string(reason))])
        }
    }
}
