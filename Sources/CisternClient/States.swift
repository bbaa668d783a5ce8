// Polling for ever: one state after the other, never an older one, whatever the servers and the network do.

extension Application {
    /// The states of the application from now on, by polling as often as the server welcomes it.
    ///
    /// Each iterator polls for itself while somebody waits for its next element; there is no work in the background. It goes on when the server
    /// cannot be reached, for as long as it is asked.
    ///
    /// - Parameter version: the version that the caller has already, if any; that one is not delivered again.
    public func states(after version: Version? = nil) -> States {
        States(application: self, version: version)
    }
}

/// What happens to an application, seen by polling.
public struct States: AsyncSequence, Sendable {
    public typealias Failure = CisternError

    public enum Element: Sendable, Hashable {
        /// The state has a new version.
        case state(State)
        /// There is no such application, or it was deleted. Said once until it is there (again).
        case unknown
        /// No server could be reached, for this reason. Said once until one answers; polling goes on.
        case unreachable(CisternError)
        /// A server answers again and has nothing new.
        case reachable
    }

    let application: Application
    let version: Version?

    public func makeAsyncIterator() -> Iterator {
        Iterator(application: application, memory: PollMemory(version: version))
    }

    public struct Iterator: AsyncIteratorProtocol {
        let application: Application
        var memory: PollMemory
        /// When the next poll is due.
        var due: ContinuousClock.Instant?

        public mutating func next() async throws(CisternError) -> Element? {
            try await next(isolation: #isolation)
        }

        /// - Throws: for what does not pass by itself, such as a refusal or cancellation.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(CisternError) -> Element? {
            while true {
                if let due {
                    do { try await Task.sleep(until: due, clock: .continuous) } catch { throw .cancelled }
                }
                let start = ContinuousClock.now
                do {
                    let poll = try await application.poll(after: memory.version, retry: .once)
                    due = start + poll.next
                    if let element = memory.take(poll) { return element }
                } catch {
                    guard error.isPassing || error.isPassingRefusal else { throw error }
                    var generator = SystemRandomNumberGenerator()
                    due = .now + memory.pause(using: &generator)
                    if let element = memory.fail(error) { return element }
                }
            }
        }
    }
}

/// What an iterator remembers between polls. Pure.
struct PollMemory {
    /// Epochs that were left: a server that answers from one of them is behind, and is not believed. Two servers that disagree are rare, and
    /// the last few epochs are enough to tell.
    static let maximumLeftEpochs = 16

    private(set) var version: Version?
    private var leftEpochs: [String] = []
    private var standing = Standing.reachable
    private var schedule = RetrySchedule(RetryPolicy(deadline: .seconds(3_600 * 24 * 365)))

    private enum Standing {
        case reachable
        case unknown
        case unreachable
    }

    init(version: Version?) { self.version = version }

    /// What a poll means to whoever has seen the ones before; nil if nothing new.
    mutating func take(_ poll: Poll) -> States.Element? {
        let before = standing
        schedule = RetrySchedule(schedule.policy)
        switch poll {
        case .state(let state):
            standing = .reachable
            guard isNews(state.version) else { return before == .unreachable ? .reachable : nil }
            if let version, version.epoch != state.version.epoch {
                leftEpochs.append(version.epoch)
                leftEpochs.removeFirst(max(0, leftEpochs.count - Self.maximumLeftEpochs))
            }
            version = state.version
            return .state(state)
        case .unchanged:
            standing = .reachable
            return before == .unreachable ? .reachable : nil
        case .unknown:
            standing = .unknown
            return before == .unknown ? nil : .unknown
        }
    }

    mutating func fail(_ error: CisternError) -> States.Element? {
        defer { standing = .unreachable }
        return standing == .unreachable ? nil : .unreachable(error)
    }

    /// Until the poll after one that failed.
    mutating func pause(using generator: inout some RandomNumberGenerator) -> Duration {
        schedule.pause(after: nil, elapsed: .zero, using: &generator) ?? schedule.policy.longestPause
    }

    /// Whether a version is ahead of what was seen: never back within an epoch, never back to an epoch that was left.
    private func isNews(_ other: Version) -> Bool {
        guard let version else { return true }
        return version.epoch == other.epoch ? other.number > version.number : !leftEpochs.contains(other.epoch)
    }
}

extension CisternError {
    /// A refusal that the server itself says will pass.
    var isPassingRefusal: Bool {
        switch self {
        case .refused(let problem): Transport.passingStatuses.contains(problem.status)
        case .unexpectedAnswer(_, let status, _): Transport.passingStatuses.contains(status)
        case .unreachable, .invalidRequest, .cancelled: false
        }
    }
}
