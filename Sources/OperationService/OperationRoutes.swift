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

    package init(log: ChangeLog, subscriber: RedisSubscriber) {
        queue = OperationQueue(log: log)
        waiting = OperationWaiting(queue: queue, hints: WorkHints(subscriber: subscriber, queue: queue))
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.put, "/operations/{operation}", action: .operate, create)
        routes.onApplication(.get, "/operations/{operation}", action: .operate, look)
        routes.onApplication(.get, "/operations/{operation}/result", action: .operate, result)
        routes.onApplication(.post, "/operations/{operation}:cancel", action: .operate, cancel)
        routes.onApplication(.delete, "/operations/{operation}", action: .operate, delete)
        routes.on(.post, "/v1/operations:claim", action: .operate, subject: .askedByHandler, claim)
        routes.onApplication(.post, "/operations/{operation}:heartbeat", action: .operate, heartbeat)
        routes.onApplication(.put, "/operations/{operation}/result", action: .operate, succeed)
        routes.onApplication(.post, "/operations/{operation}:fail", action: .operate, fail)
        routes.onApplication(.delete, "/operations/{operation}/lease", action: .operate, giveBack)
    }

    // What clients ask for counts as pushes and polls do; what workers say does not: a refused heartbeat would cost a lease.

    @Sendable private func create(_ call: Call, in application: ApplicationID) async throws -> Response {
        // The order of these checks is part of the contract.
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        let document = try await call.json(upTo: OperationLimits.requestBytes, "An operation")
        let request: OperationRequest
        do { request = try OperationRequest(document) } catch { throw Problem(error) }
        let answer: CreateAnswer
        do { answer = try await queue.create(request, as: name) } catch { throw Problem(error) }
        switch answer {
        case .created(let document): return document.answer(.created, isNew: true)
        case .known(let document): return document.answer(.ok, isNew: true)
        case .mismatch: throw Problem(.operationMismatch, "Another operation was made under this id.")
        case .retired:
            throw Problem(.operationIDRetired, "The operation of this id was deleted, or its time is over.")
        case .full:
            throw Problem(
                .operationsFull,
                "This application has \(OperationLimits.alive) operations that are not over, as many as may be."
            ).with("limit", OperationLimits.alive).retry(after: Self.fullDelay)
        }
    }

    /// Workers take an operation away when they begin, not one that is large.
    private static let fullDelay: Duration = .seconds(5)

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

    @Sendable private func result(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .poll)
        let name = try call.operation(of: application)
        let answer: LookAnswer<OperationOutcome>
        do { answer = try await queue.outcome(of: name) } catch { throw Problem(error) }
        switch answer {
        case .gone: throw Problem.gone(name)
        case .unknown: throw Problem.unknown(name)
        case .found(let outcome):
            let document = outcome.document
            guard let result = document.result else {
                let status = document.status.rawValue
                guard document.status.isOver else {
                    throw Problem(.resultNotReady, "The operation is not over.").with("operation_status", status)
                        .retry(after: .seconds(document.retryAfter))
                }
                throw Problem(.operationFailed, "The operation is over without a result.").with(
                    "operation_status", status)
            }
            var headers = HTTPFields()
            headers[.eTag] = result.digest.etag
            headers[.cacheControl] = "no-cache"
            guard !KnownTags(call.headers).contains(result.digest.etag) else {
                return Response(status: .notModified, headers: headers)
            }
            headers[.contentType] = result.mediaType
            // It is whatever a worker says that it is: no page of this server.
            headers[.xContentTypeOptions] = "nosniff"
            headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
            return Response(
                status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: outcome.result)))
        }
    }

    // MARK: Not any more

    @Sendable private func cancel(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        let answer: CancelAnswer
        do { answer = try await queue.cancel(name) } catch { throw Problem(error) }
        switch answer {
        case .alive(let document): return document.answer(.accepted)
        case .over(let document): return document.answer(.ok)
        case .gone, .deleted: throw Problem.gone(name)
        case .unknown, .changed: throw Problem.unknown(name)
        }
    }

    @Sendable private func delete(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        let wanted = KnownTags(ifMatch: call.headers)
        // An operation that changes while it is looked at is looked at again; nobody changes it so often.
        for _ in 0..<Self.attempts {
            let answer: CancelAnswer
            do {
                let revision = try await revision(of: name, having: wanted)
                answer = try await queue.cancel(name, ifRevision: revision, deleting: true)
            } catch let error as LogError {
                throw Problem(error)
            }
            switch answer {
            case .alive(let document): return document.answer(.accepted)
            case .deleted, .gone, .over: return Response(status: .noContent)
            case .unknown: throw Problem.unknown(name)
            case .changed: continue
            }
        }
        throw Problem(.overloaded, "The operation changes too often to be deleted as it was.").retry(after: .seconds(1))
    }

    private static let attempts = 8

    /// The revision that has one of these tags; nil if that does not matter.
    private func revision(of name: OperationName, having tags: KnownTags) async throws -> String? {
        guard tags != .none, case .found(let document) = try await queue.look(at: name) else { return nil }
        guard tags.contains(document.etag) else {
            throw Problem(.preconditionFailed, "The operation has the tag \(document.etag).")
        }
        return document.revision
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
