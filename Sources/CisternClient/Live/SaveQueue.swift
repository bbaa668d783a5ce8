// What has to be written down, and what may leave when it is. Everything that waits is written at once, so that a thousand changes cost one fsync.

import Synchronization

final class SaveQueue: Sendable {
    struct Sending: Sendable {
        let changes: [OutgoingChange]
        let route: Route
        let serial: Int
    }

    private struct Waiting {
        var update: KeptQueue.Update?
        var sendings: [Sending] = []
    }

    private let waiting = Mutex(Waiting())
    private let signal: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (signal, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func save(_ update: KeptQueue.Update) {
        waiting.withLock { waiting in waiting.update = waiting.update?.followed(by: update) ?? update }
        continuation.yield()
    }

    /// Is given back by `run` when everything before it is written down.
    func send(_ sending: Sending) {
        waiting.withLock { $0.sendings.append(sending) }
        continuation.yield()
    }

    /// Nothing more comes; `run` returns when what waits is written.
    func finish() { continuation.finish() }

    /// Writes until `finish`.
    ///
    /// - Parameters:
    ///   - newest: the order of the newest change that the storage has.
    ///   - saved: is called after each update, with the reason if the storage could not keep it.
    ///   - send: is called with what may leave.
    func run(
        _ storage: any Storage, newest: UInt64 = 0, saved: (KeptQueue.Update, (any Error)?) -> Void,
        send: (Sending) -> Void
    ) async {
        var debt = Debt(newest: newest)
        // What came before `finish` has signalled, which is heard before the end.
        for await _ in signal { await write(storage, &debt, saved, send) }
    }

    private func write(
        _ storage: any Storage, _ debt: inout Debt,
        _ saved: (KeptQueue.Update, (any Error)?) -> Void, _ send: (Sending) -> Void
    ) async {
        let next = waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting
        }
        if let update = next.update {
            let whole = debt.update?.followed(by: update) ?? update
            do {
                try await storage.save(whole)
                debt.isPaid(by: whole)
                saved(update, nil)
            } catch {
                debt.grows(to: whole)
                saved(update, error)
            }
        }
        // Without its storage it works all the same, as long as the program runs.
        for sending in next.sendings { send(sending) }
    }
}

/// What a storage could not keep. It goes with the next update, so that the queue is kept in full again when one succeeds.
private struct Debt {
    private(set) var update: KeptQueue.Update?
    /// The order of the newest change that the storage has.
    private var newest: UInt64

    init(newest: UInt64) { self.newest = newest }

    mutating func grows(to whole: KeptQueue.Update) {
        update = whole
        // What the storage never had it need not drop: so this is no more than it has and what is pending.
        update?.drop.removeAll { $0 > newest }
    }

    mutating func isPaid(by whole: KeptQueue.Update) {
        update = nil
        newest = max(newest, whole.put.map(\.order).max() ?? 0)
    }
}

extension KeptQueue.Update {
    /// Both in one.
    func followed(by next: KeptQueue.Update) -> KeptQueue.Update {
        let replaced = Set(next.put.map(\.order)).union(next.drop)
        var both = next
        both.put = put.filter { !replaced.contains($0.order) } + next.put
        both.drop = drop + next.drop
        return both
    }
}
