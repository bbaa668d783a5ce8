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
    ///   - failed: is called if the storage cannot keep something.
    ///   - saved: is called after each update, whether it was kept or not.
    ///   - send: is called with what may leave.
    func run(
        _ storage: any Storage, failed: (any Error) -> Void, saved: (KeptQueue.Update) -> Void, send: (Sending) -> Void
    ) async {
        for await _ in signal { await write(storage, failed, saved, send) }
        await write(storage, failed, saved, send)
    }

    private func write(
        _ storage: any Storage, _ failed: (any Error) -> Void, _ saved: (KeptQueue.Update) -> Void,
        _ send: (Sending) -> Void
    ) async {
        let next = waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting
        }
        if let update = next.update {
            do { try await storage.save(update) } catch { failed(error) }
            saved(update)
        }
        // Without its storage it works all the same, as long as the program runs.
        for sending in next.sendings { send(sending) }
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
