// An operation that this worker has: what is to be done, how far it is, how it ends.

import Documents
import NIOHTTP1

/// An operation under a lease of this worker's, which is kept by heartbeats until it is ended or this object is gone.
///
/// Work on it with ``work(_:)``, or by hand: until ``interruption()``, with ``finish(_:)``, ``fail(_:)`` or ``giveBack()`` at the end. A claim of which
/// nobody says how it ended runs out, and that was one attempt.
public final class Claim: Sendable {
    /// How it stood when it was claimed.
    public let operation: LongOperation
    public let input: JSONText
    /// What an earlier attempt has kept; nil if there is nothing.
    public let checkpoint: JSONText?
    let keeper: LeaseKeeper

    /// Why there is no sense in working on.
    public enum Interruption: Sendable, Hashable {
        /// Nobody wants it any more. A result counts all the same.
        case cancelRequested
        /// Somebody else may have it: nothing that this worker says of it counts.
        case leaseLost
    }

    init(_ item: WorkRequests.Item, asked: Duration, lease: Duration, requests: WorkRequests) {
        operation = item.operation
        input = item.input
        checkpoint = item.checkpoint
        keeper = LeaseKeeper(item, asked: asked, lease: lease, requests: requests)
        // Holds the keeper alone: whoever lets go of the claim ends it.
        Task { [keeper] in await keeper.run() }
    }

    deinit { keeper.abandon() }

    public var isCancelRequested: Bool { keeper.isCancelRequested }
    public var isLost: Bool { keeper.isLost }

    /// Returns as soon as there is no sense in working on; nil if this task is cancelled before.
    public func interruption() async -> Interruption? { await keeper.interruption.value() }

    // MARK: Under way

    /// Says how far it is, with one of the next heartbeats: at most four times a second, and what came last.
    public func report(_ progress: LongOperation.Progress) { keeper.report(progress) }

    /// Keeps what the next attempt is to go on from, in place of what was kept before; any JSON, 64 KiB at most. Returns when the server has it.
    ///
    /// - Throws: ``CisternError/refused(_:)``, with `lease-lost` if it counts no more.
    public func keep(_ checkpoint: JSONText) async throws(CisternError) {
        do { _ = try Document(parsing: checkpoint.bytes) } catch {
            throw .invalidRequest("The checkpoint is not JSON: \(error)")
        }
        try await keeper.keep(checkpoint)
    }

    // MARK: The end

    // Each is told until it is heard or the lease is over, whether this task is cancelled or not: somebody waits for it.

    /// It is done, with this result of 1 MiB at most.
    ///
    /// - Throws: ``CisternError/refused(_:)``, with `lease-lost` if it does not count, and `operation-too-large`: then something else may be said.
    @discardableResult
    public func finish(_ result: OperationResult) async throws(CisternError) -> LongOperation {
        let answer = try await uncancelled { [keeper] () throws(CisternError) in
            try await keeper.end(
                .PUT, "/result", type: result.mediaType, body: result.bytes, expecting: [200, 201])
        }
        return try AnswerReading.operation(answer)
    }

    /// It cannot be done, or not now.
    @discardableResult
    public func fail(_ failure: WorkFailure) async throws(CisternError) -> FailedAttempt {
        let answer = try await uncancelled { [keeper] () throws(CisternError) in
            try await keeper.end(
                .POST, ":fail", type: "application/json", body: failure.body, expecting: [200])
        }
        let document = try AnswerReading.document(answer)
        guard let status = document["status"]?.stringValue.flatMap({ LongOperation.Status(rawValue: $0) }) else {
            throw AnswerReading.unexpected(answer, "it does not say what became of the operation")
        }
        return FailedAttempt(status: status, nextAttempt: document["next_attempt_at"]?.stringValue)
    }

    /// Somebody else is to do it, at once; it was no attempt.
    public func giveBack() async throws(CisternError) {
        _ = try await uncancelled { [keeper] () throws(CisternError) in
            try await keeper.end(.DELETE, "/lease", expecting: [204])
        }
    }

    private func uncancelled(
        _ body: @escaping @Sendable () async throws(CisternError) -> Answer
    ) async throws(CisternError) -> Answer {
        let result = await Task { () async -> Result<Answer, CisternError> in
            do throws(CisternError) { return .success(try await body()) } catch { return .failure(error) }
        }.value
        return try result.get()
    }
}

/// Why an operation is over without a result, or has to be tried again.
public struct WorkFailure: Error, Sendable, Hashable {
    /// For programs, such as `no-such-board`.
    public var code: String
    /// For people: what happened, and where.
    public var message: String
    /// Whether another attempt may succeed.
    public var isRetryable: Bool
    /// How long to leave until then, whole seconds and a day at most; it grows with the attempts unless given.
    public var retryAfter: Duration?

    public init(code: String, message: String, isRetryable: Bool, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.retryAfter = retryAfter
    }

    /// Characters of the message: an error has at most 16 KiB.
    private static let longestMessage = 2_000

    var body: [UInt8] {
        var members: [(String, Document)] = [
            (
                "error",
                .object([("code", .string(code)), ("message", .string(String(message.prefix(Self.longestMessage))))])
            ), ("retryable", .bool(isRetryable)),
        ]
        if let retryAfter {
            members.append(("retry_after_s", .integer(Int(min(max(retryAfter.components.seconds, 0), 86_400)))))
        }
        return Document.object(members).encoded()
    }
}

/// What becomes of an operation whose attempt has failed.
public struct FailedAttempt: Sendable, Hashable {
    /// `queued` if there is another attempt; else `failed`, `dead` or `cancelled`.
    public let status: LongOperation.Status
    /// When that may begin: RFC 3339, UTC; nil if there is none.
    public let nextAttempt: String?
}
