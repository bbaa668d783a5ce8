// What operators ask: which applications there are, where each stands, and what is in a log.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
package import SnapshotCache

package struct AdministrationRoutes: RouteProvider {
    private let log: ChangeLog
    private let cache: SnapshotCache

    /// Elements of a page if the request does not say, and at most.
    private static let usualPage = 100
    private static let largestPage = 1_000
    /// Applications looked at at the same time for one page.
    private static let concurrentLooks = 64

    package init(log: ChangeLog, cache: SnapshotCache) {
        self.log = log
        self.cache = cache
    }

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/v1/apps", action: .administer, subject: .askedByHandler, applications)
        routes.onApplication(.get, action: .administer, application)
        routes.onApplication(.get, "/changes", action: .administer, changes)
    }

    // MARK: Applications

    @Sendable private func applications(_ call: Call) async throws -> Response {
        let query = call.query
        let prefix = try query.string("prefix") ?? ""
        try call.caller.authorize(.administer, onAllBeginning: prefix)
        // The busiest have no prefix, so that here whoever asks may see all.
        if let busiest = try await BusyApplications(log: log).answer(query) { return busiest }
        let limit = try query.integer("limit", in: 1...Self.largestPage) ?? Self.usualPage
        let after = try query.string("after").map { text throws(Problem) in
            do { return try ApplicationID(text) } catch {
                throw Problem.invalidParameter("after", "is no application id")
            }
        }
        let found: [ApplicationID]
        do { found = try await log.applications(prefix: prefix, after: after, limit: limit + 1) } catch {
            throw Problem(error)
        }
        let page = Array(found.prefix(limit))
        let heads: [ApplicationID: LogHead]
        do { heads = try await self.heads(of: page) } catch let error as LogError { throw Problem(error) }
        // One that was deleted meanwhile is left out.
        let documents = page.compactMap { application in heads[application].map { Document.of(application, $0) } }
        var members: [(String, Document)] = [("apps", .array(documents))]
        if found.count > limit, let last = page.last { members.append(("next", .string(last.description))) }
        return .json(.object(members), headers: [.cacheControl: "no-cache"])
    }

    private func heads(of applications: [ApplicationID]) async throws -> [ApplicationID: LogHead] {
        try await withThrowingTaskGroup(of: (ApplicationID, LogHead?).self) { group in
            var heads: [ApplicationID: LogHead] = [:]
            var rest = applications.makeIterator()
            func addNext() {
                guard let application = rest.next() else { return }
                group.addTask {
                    (application, try await log.look(at: application))
                }
            }
            for _ in 0..<Self.concurrentLooks { addNext() }
            while let (application, head) = try await group.next() {
                heads[application] = head
                addNext()
            }
            return heads
        }
    }

    @Sendable private func application(_ call: Call, _ application: ApplicationID) async throws -> Response {
        let head: LogHead?
        do { head = try await log.look(at: application) } catch { throw Problem(error) }
        guard let head else { throw Problem.unknownApp(application) }
        return .json(.of(application, head), headers: [.cacheControl: "no-cache"])
    }

    // MARK: Changes

    @Sendable private func changes(_ call: Call, of application: ApplicationID) async throws -> Response {
        let query = call.query
        let listing = ChangeListing(application: application, log: log, cache: cache)
        if let count = try query.integer("latest", in: 1...ChangeListing.mostLatest) {
            guard try query.string("after") == nil, try query.string("limit") == nil else {
                throw Problem.invalidParameter("latest", "does not go with after and limit")
            }
            return try await listing.latest(count)
        }
        let limit = try query.integer("limit", in: 1...Self.largestPage) ?? Self.usualPage
        let after = try query.integer("after", in: 0...Int(maximumLogNumber)) ?? 0
        return try await listing.page(after: UInt64(after), limit: limit)
    }
}

extension Document {
    fileprivate static func of(_ application: ApplicationID, _ head: LogHead) -> Document {
        var times: [(String, Document)] = []
        for (name, time) in [
            ("created", head.times.created), ("pushed", head.times.pushed), ("merged", head.times.merged),
        ]
        where time > 0 {
            times.append((name, .string(RFC3339.string(milliseconds: time))))
        }
        return .object([
            ("app", .string(application.description)), ("epoch", .string(head.epoch.description)),
            ("version", .integer(head.version)), ("position", .integer(head.merged)), ("tail", .integer(head.tail)),
            ("pending", .integer(head.pending)), ("bytes", .integer(head.stateBytes)),
            ("checkpoint", .integer(head.base)), ("times", .object(times)),
        ])
    }
}
