import ChangeLog
import Fold
import HTTPService
import Logging
import Redis
import ServiceLifecycle

/// Waits until appended changes are applied or rejected.
///
/// A hint says when to look; where hints are lost, a look now and then does.
final class OutcomeWaiting: Sendable {
    private let log: ChangeLog
    private let hints: LogHints
    private let places: WaitingPlaces

    /// As often as a poller asks.
    private static let lookInterval: Duration = .milliseconds(250)

    init(log: ChangeLog, hints: LogHints, limit: Int) {
        self.log = log
        self.hints = hints
        places = WaitingPlaces(limit)
    }

    /// - Returns: what is known at the latest at `deadline`; `pending` too if as many wait already as may.
    func outcome(
        of change: ChangeID, in application: ApplicationID, at receipt: PositionToken?,
        until deadline: ContinuousClock.Instant
    ) async throws(LogError) -> StatusAnswer {
        guard places.take() else { return try await log.status(of: change, in: application) }
        defer { places.giveBack() }

        let (looks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let subscription = try? hints.merged(application) { event in
            switch event {
            case .published(let position, _):
                guard let receipt, position.epoch == receipt.epoch, position.number < receipt.number else { break }
                return
            case .lookYourself: break
            }
            continuation.yield()
        }
        defer { subscription?.cancel() }
        return try await withTimer(yielding: continuation, until: deadline) { () throws(LogError) in
            var answer = try await log.status(of: change, in: application)
            for await _ in looks {
                guard case .known(_, .pending) = answer else { break }
                answer = try await log.status(of: change, in: application)
            }
            return answer
        }
    }

    /// Runs `body` while a timer says now and then that it is time to look, and ends the looks at the deadline.
    private func withTimer(
        yielding looks: AsyncStream<Void>.Continuation, until deadline: ContinuousClock.Instant,
        _ body: () async throws(LogError) -> StatusAnswer
    ) async throws(LogError) -> StatusAnswer {
        async let _: Void = {
            while ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(until: min(deadline, .now + Self.lookInterval), clock: .continuous)
                looks.yield()
            }
            looks.finish()
        }()
        async let _: Void = {
            // A server that is told to stop answers what it knows.
            try? await gracefulShutdown()
            looks.finish()
        }()
        // Leaving the scope cancels both.
        return try await body()
    }
}
