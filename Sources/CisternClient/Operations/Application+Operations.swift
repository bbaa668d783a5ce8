// What an application asks about its long-running operations.

import Documents
import Fold
import NIOHTTP1

extension Application {
    /// Has something done. Returns when the server has it for good; a worker does it later.
    ///
    /// - Parameter operation: sent again, unaltered, it is done once all the same. So keep it until this returns, beyond an error, too.
    /// - Returns: how it stands: further than `queued`, if it was sent before.
    /// - Throws: ``CisternError/refused(_:)``, with `operation-mismatch` if another operation has this id, and `operation-id-retired` if it was
    ///   over long ago. ``CisternError/unreachable(url:reason:)`` leaves open whether it has arrived: send the same again.
    @discardableResult
    public func start(_ operation: NewOperation) async throws(CisternError) -> LongOperation {
        let request = Request(
            method: .PUT, path: try operationPath(operation.id), headers: [("Content-Type", "application/json")],
            body: try operation.body())
        return try AnswerReading.operation(try await client.transport.send(request, to: client.pushURL))
    }

    /// How an operation stands.
    ///
    /// - Parameters:
    ///   - known: if given with a wait, the answer comes as soon as it stands otherwise than that.
    ///   - wait: at most so long; whole seconds, a minute at most.
    /// - Throws: ``CisternError/refused(_:)``, with `unknown-operation`, or `operation-gone` if it is over for too long.
    public func operation(
        _ id: String, after known: LongOperation? = nil, wait: Duration? = nil
    ) async throws(CisternError) -> LongOperation {
        let (operation, _) = try await look(id, after: known, wait: wait)
        return operation
    }

    /// - Returns: also how long to leave until the next question.
    func look(
        _ id: String, after known: LongOperation?, wait: Duration?
    ) async throws(CisternError) -> (operation: LongOperation, pause: Duration) {
        // The redirection to a result is for those who want nothing else.
        var request = Request(method: .GET, path: try operationPath(id) + "?redirect=never")
        if let known, known.id == id, let tag = known.tag {
            request.headers.append(("If-None-Match", tag))
            request.prefer(wait: wait)
        }
        let answer = try await client.transport.send(request, to: client.pushURL)
        guard answer.status == 304, let known else { return (try AnswerReading.operation(answer), .zero) }
        // As many wait as may, or somebody on the way takes the wait out of requests.
        let hasWaited = answer.header("Preference-Applied") != nil
        return (known, hasWaited ? .zero : answer.retryAfter ?? OperationNews.usualPause)
    }

    /// How an operation stands now, each time that it stands otherwise, and how it ended; that is the last one.
    ///
    ///     for try await operation in board.news(of: export.id) { show(operation.progress) }
    public func news(of id: String) -> OperationNews {
        OperationNews(application: self, id: id)
    }

    /// What a worker has made, as often as wanted, until the operation is forgotten.
    ///
    /// - Throws: ``CisternError/refused(_:)``, with `result-not-ready`, or `operation-failed` if it is over without a result.
    public func result(of id: String) async throws(CisternError) -> OperationResult {
        let answer = try await client.transport.send(
            Request(method: .GET, path: try operationPath(id) + "/result"), to: client.pushURL)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return OperationResult(
            bytes: answer.body, mediaType: answer.header("Content-Type") ?? "application/octet-stream")
    }

    /// Says that nobody wants it any more. What waits is cancelled at once; a worker is told, and may still have a result.
    @discardableResult
    public func cancelOperation(_ id: String) async throws(CisternError) -> LongOperation {
        let request = Request(method: .POST, path: try operationPath(id) + ":cancel")
        return try AnswerReading.operation(try await client.transport.send(request, to: client.pushURL))
    }

    /// Has a dead operation tried again, with as many attempts as it had.
    ///
    /// - Throws: ``CisternError/refused(_:)`` with status 409 if it is not dead.
    @discardableResult
    public func retryOperation(_ id: String) async throws(CisternError) -> LongOperation {
        let request = Request(method: .POST, path: try operationPath(id) + ":retry")
        let answer = try await client.transport.send(request, to: client.pushURL)
        // An attempt before this one may have done it, without its answer coming through.
        if answer.attempt > 1, answer.status == 409 { return try await operation(id) }
        return try AnswerReading.operation(answer)
    }

    /// Forgets an operation that is over, with its result; its id stays used. One that is not over is cancelled.
    ///
    /// - Returns: how it stands; nil if it is forgotten.
    @discardableResult
    public func deleteOperation(_ id: String) async throws(CisternError) -> LongOperation? {
        let request = Request(method: .DELETE, path: try operationPath(id))
        let answer = try await client.transport.send(request, to: client.pushURL)
        return answer.status == 204 ? nil : try AnswerReading.operation(answer)
    }

    private func operationPath(_ id: String) throws(CisternError) -> String {
        do { return "\(path)/operations/\(try OperationID(id))" } catch { throw .invalidRequest("\(error)") }
    }
}

extension AnswerReading {
    static func operation(_ answer: Answer) throws(CisternError) -> LongOperation {
        guard (200..<300).contains(answer.status) else { throw failure(answer) }
        guard let operation = LongOperation(try document(answer), tag: answer.header("ETag")) else {
            throw unexpected(answer, "it does not describe an operation")
        }
        return operation
    }
}
