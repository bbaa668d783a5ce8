// What ends operations, and what begins them once more. All of it only to the operation that If-Match names, if it names one.

import ChangeLog
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import OperationQueue
import Operations

extension OperationRoutes {
    @Sendable func cancel(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        return try await withRevision(of: name, call) { revision throws(LogError) in
            switch try await queue.cancel(name, ifRevision: revision) {
            case .alive(let document): .success(document.answer(.accepted))
            case .over(let document): .success(document.answer(.ok))
            case .gone, .deleted: .failure(.gone(name))
            case .unknown: .failure(.unknown(name))
            case .changed: nil
            }
        }
    }

    @Sendable func delete(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        return try await withRevision(of: name, call) { revision throws(LogError) in
            switch try await queue.cancel(name, ifRevision: revision, deleting: true) {
            case .alive(let document): .success(document.answer(.accepted))
            case .deleted, .gone, .over: .success(Response(status: .noContent))
            case .unknown: .failure(.unknown(name))
            case .changed: nil
            }
        }
    }

    @Sendable func retry(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        let name = try call.operation(of: application)
        return try await withRevision(of: name, call) { revision throws(LogError) in
            switch try await queue.retry(name, ifRevision: revision) {
            case .retried(let document): .success(document.answer(.accepted))
            case .refused(let document):
                .failure(
                    Problem(.operationNotDead, "The operation is not dead.").with(
                        "operation_status", document.status.rawValue))
            case .full: .failure(.full(queue.settings.alive))
            case .gone: .failure(.gone(name))
            case .unknown: .failure(.unknown(name))
            case .changed: nil
            }
        }
    }

    private static let attempts = 8

    /// - Parameter act: Does it to the operation if it has this revision; nil if it has another one.
    private func withRevision(
        of name: OperationName, _ call: Call,
        _ act: (String?) async throws(LogError) -> Swift.Result<Response, Problem>?
    ) async throws(Problem) -> Response {
        let wanted = KnownTags(ifMatch: call.headers)
        // An operation that changes while it is looked at is looked at again; nobody changes it so often.
        for _ in 0..<Self.attempts {
            let answer: Swift.Result<Response, Problem>?
            do throws(LogError) {
                if wanted != .none, case .found(let document) = try await queue.look(at: name) {
                    answer =
                        wanted.contains(document.etag)
                        ? try await act(document.revision)
                        : .failure(Problem(.preconditionFailed, "The operation has the tag \(document.etag)."))
                } else {
                    answer = try await act(nil)
                }
            } catch {
                throw Problem(error)
            }
            if let answer { return try answer.get() }
        }
        throw Problem(.overloaded, "The operation changes too often for If-Match.").retry(after: .seconds(1))
    }
}
