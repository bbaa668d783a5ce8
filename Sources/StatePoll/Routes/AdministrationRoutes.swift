// What operators ask: which applications there are, where each stands, and what is in a log.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers

package struct AdministrationRoutes: RouteProvider {
    private let log: ChangeLog

    /// Elements of a page if the request does not say, and at most.
    private static let usualPage = 100
    private static let largestPage = 1_000
    /// Applications looked at at the same time for one page.
    private static let concurrentLooks = 64
    /// Bytes of log entries in one page.
    private static let pageBytes = 4 << 20

    package init(log: ChangeLog) {
        self.log = log
    }

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/v1/apps", action: .administer, applications)
        routes.onApplication(.get, action: .administer, application)
        routes.onApplication(.get, "/changes", action: .administer, changes)
    }

    // MARK: Applications

    @Sendable private func applications(_ call: Call) async throws -> Response {
        let query = call.query
        let limit = try query.integer("limit", in: 1...Self.largestPage) ?? Self.usualPage
        let prefix = try query.string("prefix") ?? ""
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
        let limit = try query.integer("limit", in: 1...Self.largestPage) ?? Self.usualPage
        let after = try query.integer("after", in: 0...Int(maximumLogNumber)) ?? 0
        do {
            guard let head = try await log.look(at: application) else { throw Problem.unknownApp(application) }
            // From within the log: what was trimmed is not there any more, and what is not there yet is an empty page.
            let from = min(max(UInt64(after), head.base), head.tail)
            let slice = try await log.read(
                application, after: PositionToken(epoch: head.epoch, number: from),
                bounds: ReadBounds(entries: limit, bytes: Self.pageBytes))
            guard let slice else { throw Problem.unknownApp(application) }
            let listed = slice.entries.enumerated().map { offset, bytes in
                (position: slice.from + UInt64(offset) + 1, entry: LogEntry(bytes))
            }
            let named = listed.compactMap { element in element.entry.map { (id: $0.id, position: element.position) } }
            let rejections = zip(named, try await log.rejections(of: named, in: application))
            let reasons = Dictionary(
                rejections.compactMap { change, rejection in rejection.map { (change.position, $0) } },
                uniquingKeysWith: { first, _ in first })
            let documents = listed.map { position, entry in
                Document.of(
                    entry, at: PositionToken(epoch: slice.epoch, number: position), in: application,
                    merged: slice.merged,
                    rejection: reasons[position])
            }
            var members: [(String, Document)] = [("changes", .array(documents))]
            if let last = listed.last?.position, last < slice.tail { members.append(("next", .integer(last))) }
            return .json(.object(members), headers: [.cacheControl: "no-cache"])
        } catch let error as LogError {
            throw Problem(error)
        }
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

    fileprivate static func of(
        _ entry: LogEntry?, at receipt: PositionToken, in application: ApplicationID, merged: UInt64,
        rejection: Rejection?
    ) -> Document {
        guard let entry else {
            return .object([
                ("position", .integer(receipt.number)), ("status", .string("rejected")),
                ("reason", Rejection(.unreadableEntry).problem.document),
            ])
        }
        let status: ChangeStatus
        if let rejection {
            status = .rejected(rejection)
        } else {
            status = receipt.number <= merged ? .applied : .pending
        }
        var members = ChangeDocument(application: application, id: entry.id, receipt: receipt, status: status).members
        members.append(("type", .string(entry.kind.contentType.description)))
        members.append(("time", .string(RFC3339.string(milliseconds: entry.time))))
        if entry.condition != .none { members.append(("condition", .string(entry.condition.description))) }
        if let change = try? Document(parsing: entry.body.span) { members.append(("change", change)) }
        return .object(members)
    }
}
