// Group commit: the changes that arrive in one turn of an event loop reach Redis in one call of the append script per application.

package import Fold
package import NIOCore
import Redis

/// What became of one change.
package struct AppendedChange: Hashable, Sendable {
    package let epoch: Epoch
    package let outcome: AppendOutcome

    package init(epoch: Epoch, outcome: AppendOutcome) {
        self.epoch = epoch
        self.outcome = outcome
    }
}

/// Gathers the changes that arrive in one turn of an event loop and appends them with one script call per application. Every change is
/// judged for itself. To be used on that event loop only.
///
/// A call goes out on the loop's own connection, with neither task nor hop. Only what needs more than one command — the script is not
/// loaded, the Redis life changed, the application must be adopted, no connection is ready — goes the way of `ChangeLog.append`.
package final class GroupCommit {
    package typealias Completion = (Result<AppendedChange, LogError>) -> Void

    private struct Waiting {
        let change: Change
        let complete: Completion
    }

    private typealias Call = CommitQueue<Waiting>.Call

    package let eventLoop: any EventLoop
    private let log: ChangeLog
    private var queue: CommitQueue<Waiting>
    private var flushIsScheduled = false

    package init(log: ChangeLog, eventLoop: any EventLoop, limits: GroupCommitLimits = GroupCommitLimits()) {
        self.log = log
        self.eventLoop = eventLoop
        queue = CommitQueue(limits: limits)
    }

    /// Appends a change behind those that were given before for the same application.
    ///
    /// - Parameter completion: is called on the event loop, exactly once, and never before this returns. If too much is gathered and in
    ///   flight already it gets `unavailable`: nothing was sent.
    package func append(_ change: Change, to application: ApplicationID, completion: @escaping Completion) {
        eventLoop.preconditionInEventLoop()
        let waiting = Waiting(change: change, complete: completion)
        switch queue.admit(
            waiting, size: change.appendSize, for: application, target: { AppendTarget($0, in: log.partition(of: $0)) })
        {
        case .gathered: scheduleFlush()
        case .full(let limit):
            let error = LogError.unavailable(.tooManyInFlight(log.appender.configuration.address, limit: limit))
            eventLoop.assumeIsolated().execute { completion(.failure(error)) }
        }
    }

    /// What is scheduled on a loop from within runs at the end of its turn, before it waits for anything.
    private func scheduleFlush() {
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        flushIsScheduled = false
        let calls = queue.takeReady()
        guard !calls.isEmpty else { return }
        var connection = log.appender.readyConnection()
        // On another loop's connection replies would come on another thread.
        if connection?.eventLoop !== eventLoop { connection = nil }
        for call in calls {
            if let connection, let life = log.acquaintances.life(of: call.target.partition, on: connection) {
                send(call, on: connection, life)
            } else {
                sendSlowly(call)
            }
        }
    }

    private func send(_ call: Call, on connection: RedisConnection, _ life: String) {
        let encoded = AppendCall(
            call.elements.lazy.map(\.change), to: call.target, nonce: log.nonce(), life: life,
            allOrNone: false, bytes: call.bytes)
        connection.evaluate(log.appendScript, keys: encoded.keys, arguments: encoded.arguments) { result in
            self.received(result, for: call, on: connection)
        }
    }

    private func received(_ result: Result<RESPValue, RedisError>, for call: Call, on connection: RedisConnection) {
        do throws(RedisError) {
            let answer = try ScriptAnswer(try result.get(), of: log.appendScript)
            switch answer.tag {
            case "stale-life", "adopt": sendSlowly(call)
            default: settle(call, answer, on: connection)
            }
        } catch {
            switch error {
            // Nothing was executed, and the other way knows what to do.
            case .connectionClosing: sendSlowly(call)
            case _ where error.isUnknownScript: sendSlowly(call)
            default: settle(call, with: .failure(LogError(error)))
            }
        }
    }

    /// By the way of batches, which settles what stands in the way first. The application's next call waits for it.
    private func sendSlowly(_ call: Call) {
        let log = log
        let application = call.target.application
        let changes = call.elements.map(\.change)
        let promise = eventLoop.makePromise(of: Result<AppendAnswer, LogError>.self)
        promise.completeWithTask {
            do throws(LogError) {
                return .success(try await log.append(changes, to: application, allOrNone: false))
            } catch {
                return .failure(error)
            }
        }
        promise.futureResult.assumeIsolated().whenSuccess { self.settle(call, with: $0) }
    }

    private func settle(_ call: Call, _ answer: ScriptAnswer, on connection: RedisConnection) {
        do throws(LogError) {
            let answer = try AppendAnswer(answer, for: call.target.application, count: call.elements.count)
            guard answer.acknowledges else { return settle(call, with: .success(answer)) }
            // At once if no replicas are waited for; else all calls of one turn share one WAIT.
            connection.waitForReplicas { result in
                self.settle(call, with: result.map { answer }.mapError { LogError($0) })
            }
        } catch {
            settle(call, with: .failure(error))
        }
    }

    private func settle(_ call: Call, with result: Result<AppendAnswer, LogError>) {
        queue.settled(call)
        if queue.hasReady { scheduleFlush() }
        switch result {
        case .success(.done(let epoch, let outcomes)):
            for (waiting, outcome) in zip(call.elements, outcomes) {
                waiting.complete(.success(AppendedChange(epoch: epoch, outcome: outcome)))
            }
        case .success(.refused(let epoch, _, let refusal)):
            // Only a call that is all or none is refused as a whole.
            for waiting in call.elements {
                waiting.complete(.success(AppendedChange(epoch: epoch, outcome: .refused(refusal))))
            }
        case .failure(let error):
            for waiting in call.elements { waiting.complete(.failure(error)) }
        }
    }
}
