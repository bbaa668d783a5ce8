// Waiting for the next change of any of several applications.

import Fold
import HTTPService

struct News: Sendable {
    private let listenings: [States.Listening]
    private let changes: AsyncStream<Void>

    /// Begins to listen: what happens from now on ends the next wait. To be ended once.
    init(of applications: [ApplicationID], in states: States) {
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.changes = changes
        listenings = applications.map { application in states.listen(to: application) { change.yield() } }
    }

    /// - Returns: false at the deadline, or when the server is told to stop.
    func next(until deadline: ContinuousClock.Instant) async -> Bool {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        return await Waiting.happens(before: deadline) { for await _ in changes { break } }
    }

    func end() {
        for listening in listenings { listening.end() }
    }
}
