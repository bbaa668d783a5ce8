// Pushing to one application and reading its state.

import Documents
import Fold
import NIOHTTP1

/// One application at a server: push changes to it, read its state.
public struct Application: Sendable {
    public let client: CisternClient
    public let id: String

    var path: String { "/v1/apps/\(id)" }

    // MARK: Pushing

    /// Sends a change and returns when the server has it for good.
    ///
    /// - Parameter wait: if given, the answer comes once the change is applied or rejected, at most this much later (whole seconds, at most a
    ///   minute); ``Acknowledgement/outcome`` is `pending` if that was not enough.
    /// - Throws: ``CisternError/refused(_:)`` if it was not accepted. ``CisternError/unreachable(url:reason:)`` leaves open whether it was: push it
    ///   again, unaltered, until it is known.
    public func push(_ change: Change, wait: Duration? = nil) async throws(CisternError) -> Acknowledgement {
        var request = Request(method: .PUT, path: try changePath(change.id), body: change.patch.bytes)
        request.headers.append(("Content-Type", change.kind.rawValue))
        switch change.condition {
        case .version(let version): request.headers.append(("If-Match", version.entityTag))
        case .exists: request.headers.append(("If-Match", "*"))
        case .isNew: request.headers.append(("If-None-Match", "*"))
        case nil: break
        }
        request.prefer(wait: wait)
        let answer = try await client.transport.send(request, to: client.pushURL)
        switch answer.status {
        case 200, 201: return try AnswerReading.acknowledgement(answer, isNew: answer.status == 201)
        default: throw AnswerReading.failure(answer)
        }
    }

    /// Sends changes in one request: the server takes all of them, at consecutive positions, or none.
    ///
    /// - Parameter changes: at most 1,000 and 8 MiB.
    /// - Returns: one acknowledgement for each change, in their order.
    public func push(_ changes: [Change]) async throws(CisternError) -> [Acknowledgement] {
        if changes.isEmpty { return [] }
        let request = Request(
            method: .PUT, path: path + "/changes", headers: [("Content-Type", "application/json")],
            body: BatchWriting.body(try BatchWriting.outgoing(changes)))
        let answer = try await client.transport.send(request, to: client.pushURL)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return try AnswerReading.acknowledgements(answer, count: changes.count)
    }

    /// What became of a change.
    ///
    /// - Parameter wait: as for ``push(_:wait:)``.
    /// - Throws: ``CisternError/refused(_:)`` with `unknown-change` if the server does not know of it, or not any more.
    public func change(_ id: String, wait: Duration? = nil) async throws(CisternError) -> Acknowledgement {
        var request = Request(method: .GET, path: try changePath(id))
        request.prefer(wait: wait)
        let answer = try await client.transport.send(request, to: client.pushURL)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return try AnswerReading.acknowledgement(answer, isNew: nil)
    }

    // MARK: Reading

    /// The state as it is now.
    ///
    /// - Parameters:
    ///   - position: if given, of a state in which everything up to there is folded in: read your own write.
    ///   - isFresh: whether everything that is in the log now has to be folded in.
    ///   - wait: for `position`; 5 s unless given.
    /// - Throws: ``CisternError/refused(_:)``; with `unknown-app` if nothing was ever pushed to it.
    public func state(
        atLeast position: Position? = nil, isFresh: Bool = false, wait: Duration? = nil
    ) async throws(CisternError) -> State {
        var query: [String] = []
        if let position { query.append("at_least=\(position)") }
        if isFresh { query.append("fresh=1") }
        var request = Request(
            method: .GET, path: path + "/state" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
        request.prefer(wait: position == nil ? nil : wait ?? .seconds(5))
        let answer = try await client.transport.send(request, to: client.url)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return try AnswerReading.state(answer)
    }

    /// One poll: the state, if it is not the one that `version` names.
    ///
    /// - Parameter policy: instead of the client's.
    public func poll(after version: Version?, retry policy: RetryPolicy? = nil) async throws(CisternError) -> Poll {
        var request = Request(method: .GET, path: path + "/state")
        if let version { request.headers.append(("If-None-Match", version.entityTag)) }
        let answer = try await client.transport.send(request, to: client.url, policy: policy)
        switch answer.status {
        case 200: return .state(try AnswerReading.state(answer))
        case 304: return .unchanged(position: AnswerReading.position(answer), next: AnswerReading.pollInterval(answer))
        default:
            let failure = AnswerReading.failure(answer)
            if case .refused(let problem) = failure, problem.slug == "unknown-app" { return .unknown }
            throw failure
        }
    }

    // MARK: Administration

    /// Where the application stands: positions, sizes, times.
    public func status() async throws(CisternError) -> ApplicationStatus {
        let answer = try await client.transport.send(Request(method: .GET, path: path), to: client.url)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return try AnswerReading.status(answer)
    }

    /// Deletes state and log. Changes that wait to be merged are dropped, and ids that were used stay used.
    ///
    /// - Parameter version: if given, only if the state has it.
    public func delete(ifVersion version: Version? = nil) async throws(CisternError) {
        var request = Request(method: .DELETE, path: path)
        if let version { request.headers.append(("If-Match", version.entityTag)) }
        let answer = try await client.transport.send(request, to: client.pushURL)
        if answer.status == 204 { return }
        let failure = AnswerReading.failure(answer)
        // An attempt before this one may have done it, without its answer coming through.
        if answer.attempt > 1, case .refused(let problem) = failure, problem.slug == "unknown-app" { return }
        throw failure
    }

    private func changePath(_ id: String) throws(CisternError) -> String {
        do { return "\(path)/changes/\(try ChangeID(id))" } catch { throw .invalidRequest("\(error)") }
    }
}

extension Request {
    /// Asks the server to wait; whole seconds, at least one, at most what a server waits.
    mutating func prefer(wait: Duration?) {
        guard let wait, wait > .zero else { return }
        let (seconds, rest) = wait.components
        let whole = min(max(seconds + (rest > 0 ? 1 : 0), 1), 60)
        headers.append(("Prefer", "wait=\(whole)"))
        self.wait = .seconds(whole)
    }
}

/// What one poll brought.
public enum Poll: Sendable, Hashable {
    case state(State)
    /// The state still has that version.
    case unchanged(position: Position?, next: Duration)
    /// There is no such application (any more).
    case unknown

    /// When the server wants to be asked again.
    public var next: Duration {
        switch self {
        case .state(let state): state.next
        case .unchanged(_, let next): next
        case .unknown: AnswerReading.usualPollInterval
        }
    }
}

/// The state of an application.
public struct State: Sendable, Hashable {
    public let version: Version
    /// How much of the log is folded in; changes that were rejected move it and leave the version.
    public let position: Position
    public let json: JSONText
    /// How long to leave until the next poll.
    public let next: Duration
}
