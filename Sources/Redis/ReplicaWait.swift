// WAIT: an answer that is given only when replicas have what was written.

import NIOCore

/// How many replicas have to have what was written, and how long they may take. Less than that is an outcome that is not known: the
/// primary has it, and nothing is taken back.
package struct ReplicaWait: Sendable, Equatable {
    package let replicas: Int
    package let limit: Duration

    /// - Parameter limit: well below the time limit of commands, since a connection does nothing else meanwhile.
    package init(replicas: Int, limit: Duration) {
        self.replicas = replicas
        self.limit = limit
    }

    var command: RedisCommand {
        let (seconds, attoseconds) = limit.components
        // 0 would mean for ever.
        return RedisCommand(
            "WAIT", .integer(Int64(replicas)), .integer(max(seconds * 1_000 + attoseconds / 1_000_000_000_000_000, 1)))
    }
}

/// Who waits for replicas on one connection. Redis reads nothing more from a connection that waits, so there is one WAIT at a time,
/// and whoever comes meanwhile shares the next one. Pure.
struct ReplicaWaiters<Waiter> {
    private enum State {
        case idle
        /// The turn of the event loop ends first.
        case gathering
        case inFlight([Waiter])
    }

    private var state = State.idle
    private var gathered: [Waiter] = []

    /// - Returns: whether somebody has to call `send` at the end of the turn.
    mutating func join(_ waiter: Waiter) -> Bool {
        gathered.append(waiter)
        guard case .idle = state else { return false }
        state = .gathering
        return true
    }

    /// A WAIT goes out for all who have joined.
    mutating func send() {
        state = .inFlight(gathered)
        gathered = []
    }

    /// - Returns: for whom the answer is, and whether another WAIT has to go out, by `send`.
    mutating func answered() -> (waiters: [Waiter], sendAgain: Bool) {
        guard case .inFlight(let waiters) = state else { return ([], false) }
        state = gathered.isEmpty ? .idle : .gathering
        return (waiters, !gathered.isEmpty)
    }
}

typealias ReplicaCompletion = (Result<Void, RedisError>) -> Void

extension RedisConnection {
    /// Waits until the replicas that the configuration asks for have everything that this connection's commands have met so far, their
    /// own writes and those of others: Redis notes the end of its log of replication after each command, also after one that wrote
    /// nothing, as a repeat. To be called on this connection's event loop only, and calls `receive` there; at once if no replicas are
    /// asked for.
    package func waitForReplicas(receive: @escaping (Result<Void, RedisError>) -> Void) {
        guard replicaWait != nil else { return receive(.success(())) }
        if replicaWaiters.value.join(receive) {
            eventLoop.assumeIsolated().execute { self.sendWait() }
        }
    }

    private func sendWait() {
        guard let replicaWait else { return }
        replicaWaiters.value.send()
        send(replicaWait.command) { result in
            let outcome = self.outcome(of: result, replicaWait)
            let (waiters, sendAgain) = self.replicaWaiters.value.answered()
            // A connection that is closed refuses at once.
            if sendAgain { self.sendWait() }
            for receive in waiters { receive(outcome) }
        }
    }

    /// What was written stays written, whatever has become of the WAIT.
    private func outcome(of result: Result<RESPValue, RedisError>, _ wanted: ReplicaWait) -> Result<Void, RedisError> {
        do throws(RedisError) {
            guard let count = try result.get().integer else { throw .unexpectedReply("WAIT did not answer a number") }
            guard count >= wanted.replicas else {
                throw .tooFewReplicas(address, have: Int(count), wanted: wanted.replicas)
            }
            return .success(())
        } catch .tooFewReplicas(let address, let have, let wanted) {
            return .failure(.tooFewReplicas(address, have: have, wanted: wanted))
        } catch {
            return .failure(.outcomeUnknown(address, reason: "no replicas could be waited for: \(error.reason)"))
        }
    }

    /// As the other, from any thread.
    package func waitForReplicas() async throws(RedisError) {
        guard replicaWait != nil else { return }
        let result = await withCheckedContinuation { continuation in
            eventLoop.execute { self.waitForReplicas { continuation.resume(returning: $0) } }
        }
        try result.get()
    }
}
