// Keeps one polled application current, for any number of pollers: subscribed to its hints, looking by itself now and then, with one
// fetch per version.

import ChangeLog
import Fold
import Logging
import Redis
import Synchronization

final class Watcher: Sendable {
    /// What the watcher has been told since it last looked. Hints and questions fold into one, so there is no queue.
    struct Pending: Sendable {
        /// The last position that was said to be published.
        var published: PositionToken?
        /// Ask Redis.
        var look = false
        var stop = false
    }

    /// What a look folds in beyond what is published.
    enum Folding: Sendable, Equatable {
        case nothing
        /// What a client has met elsewhere. A server may have answered with a snapshot before it was marked as published.
        case upTo(PositionToken)
        case everything

        func and(_ other: Folding) -> Folding {
            switch (self, other) {
            case (.everything, _), (_, .everything): .everything
            case (.nothing, _): other
            case (_, .nothing): self
            case (.upTo(let one), .upTo(let two)) where one.epoch == two.epoch: one.number > two.number ? self : other
            // Which of them is the application's epoch is not known before the look.
            case (.upTo, .upTo): .everything
            }
        }
    }

    let application: ApplicationID
    private let states: States
    private let pending = Mutex(Pending(look: true))
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(_ application: ApplicationID, of states: States) {
        self.application = application
        self.states = states
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
    }

    func note(_ change: (inout Pending) -> Void) {
        pending.withLock { change(&$0) }
        wake.yield()
    }

    private func takePending() -> Pending {
        pending.withLock { pending in
            let taken = pending
            pending = Pending()
            return taken
        }
    }

    func run() async {
        let subscription = subscribe()
        defer { subscription?.cancel() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tick() }
            var look = Look(by: self, for: self.states)
            for await _ in self.wakes {
                let pending = self.takePending()
                if pending.stop { break }
                await look.run(pending)
            }
            group.cancelAll()
        }
    }

    /// Looks now and then while somebody polls, and ends the watch when nobody does any more.
    private func tick() async {
        while !Task.isCancelled {
            // Jitter, so that thousands of watchers do not look at the same moment.
            try? await Task.sleep(for: states.configuration.recheckInterval * Double.random(in: 0.75...1))
            states.notePolls(by: self)
            if states.retire(self) {
                note { $0.stop = true }
                return
            }
            guard let entry = states.entry(application), entry.isWorthALook(at: .now) else { continue }
            note { $0.look = true }
        }
    }

    private func subscribe() -> RedisSubscription? {
        do {
            return try states.hints.merged(application) { [weak self] event in
                self?.note { pending in
                    switch event {
                    case .published(let position, _): pending.published = position
                    case .lookYourself: pending.look = true
                    }
                }
            }
        } catch {
            states.logger.debug(
                "No hints for an application; it is looked at regularly",
                metadata: ["app": "\(application)", "error": "\(error)"])
            return nil
        }
    }
}
