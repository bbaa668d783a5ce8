import ChangeLog
import Fold
import HTTPService
import Logging
import Redis

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

        return try await Waiting.withLooks(every: Self.lookInterval, until: deadline) { looks throws(LogError) in
            let subscription = try? hints.merged(application) { event in
                switch event {
                case .published(let position, _):
                    guard let receipt, position.epoch == receipt.epoch, position.number < receipt.number else { break }
                    return
                case .lookYourself: break
                }
                looks.look()
            }
            defer { subscription?.cancel() }
            var answer = try await log.status(of: change, in: application)
            for await _ in looks.stream {
                guard case .known(_, .pending) = answer else { break }
                answer = try await log.status(of: change, in: application)
            }
            return answer
        }
    }
}
