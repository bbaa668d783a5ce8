// Long-running operations as resources of an application: for who wants something done. What workers do is in WorkerRoutes.swift.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import NIOCore
import OperationQueue
import Operations
package import Redis

package struct OperationRoutes: RouteProvider {
    let queue: OperationQueue
    let waiting: OperationWaiting

    /// - Parameters:
    ///   - keeping: How long what is over can be asked for.
    ///   - limit: How many operations of an application may not be over.
    package init(log: ChangeLog, subscriber: RedisSubscriber, keeping: Duration, limit: Int) {
        var settings = OperationSettings()
        settings.keeping = keeping
        settings.alive = limit
        queue = OperationQueue(log: log, settings: settings)
        waiting = OperationWaiting(queue: queue, hints: WorkHints(subscriber: subscriber, queue: queue))
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.put, "/operations/{operation}", action: .operate, create)
        routes.onApplication(.post, "/operations", action: .operate, createByKey)
        routes.onApplication(.get, "/operations", action: .operate, list)
        routes.onApplication(.get, "/operations/{operation}", action: .operate, look)
        routes.onApplication(.get, "/operations/{operation}/result", action: .operate, result)
        routes.onApplication(.post, "/operations/{operation}:cancel", action: .operate, cancel)
        routes.onApplication(.post, "/operations/{operation}:retry", action: .operate, retry)
        routes.onApplication(.delete, "/operations/{operation}", action: .operate, delete)
        routes.on(.post, "/v1/operations:claim", action: .operate, subject: .askedByHandler, claim)
        routes.onApplication(.post, "/operations/{operation}:heartbeat", action: .operate, heartbeat)
        routes.onApplication(.put, "/operations/{operation}/result", action: .operate, succeed)
        routes.onApplication(.post, "/operations/{operation}:fail", action: .operate, fail)
        routes.onApplication(.delete, "/operations/{operation}/lease", action: .operate, giveBack)
    }

    // What clients ask for counts as pushes and polls do; what workers say does not: a refused heartbeat would cost a lease.

    @Sendable private func look(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .poll)
        let name = try call.operation(of: application)
        let redirects = try call.redirects
        let known = KnownTags(call.headers)
        let preferences = Preferences(call.headers)
        var waited: String?
        let answer: LookAnswer<OperationDocument>
        do throws(LogError) {
            if known != .none, let wait = preferences.wait, let found = try await waitForNews(call, name, known, wait) {
                answer = found
                waited = preferences.applied(wait: true)
            } else {
                answer = try await queue.look(at: name)
            }
        } catch {
            throw Problem(error)
        }
        try call.caller.stillThere()
        let document: OperationDocument
        switch answer {
        case .found(let found): document = found
        case .gone: throw Problem.gone(name)
        case .unknown: throw Problem.unknown(name)
        }
        if document.result != nil, redirects { return document.redirect(waited: waited) }
        return known.contains(document.etag)
            ? document.notModified(waited: waited) : document.answer(.ok, waited: waited)
    }

    /// Nil if as many wait as may.
    private func waitForNews(
        _ call: Call, _ name: OperationName, _ known: KnownTags, _ wait: Duration
    ) async throws(LogError) -> LookAnswer<OperationDocument>? {
        let deadline = ContinuousClock.now + Waiting.hurried(call.caller.time(upTo: wait))
        return try await call.whileConnected { [waiting] () throws(LogError) in
            try await waiting.document(of: name, differingFrom: known, until: deadline)
        }
    }
}

extension Call {
    /// Whether who asks for an operation that has a result is led there. Many clients follow unseen.
    fileprivate var redirects: Bool {
        get throws(Problem) {
            switch try query.string("redirect") {
            case nil: true
            case "never": false
            case .some: throw Problem.invalidParameter("redirect", "takes “never”")
            }
        }
    }
}
