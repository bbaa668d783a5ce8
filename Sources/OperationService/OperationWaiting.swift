// Waits for something to become of an operation, or for one that may be claimed. A hint says when to look; where hints are lost, a look now
// and then does.

import ChangeLog
import Fold
import HTTPService
import LogAnswers
import OperationQueue
import Operations
import Redis
import Synchronization

final class OperationWaiting: Sendable {
    private let queue: OperationQueue
    private let hints: WorkHints
    /// Clients that may wait for an operation, and workers for work, at the same time. All workers of a kind ask when there is some.
    private let clients = WaitingPlaces(10_000)
    private let workers = WaitingPlaces(1_000)

    /// Between two looks at an operation without a hint: a lease that runs out gives none.
    private static let lookInterval: Duration = .seconds(1)
    /// Between two looks at what is known here: whether something has fallen due, or Redis has told of something.
    private static let workInterval: Duration = .milliseconds(250)
    /// Between two questions to a partition of which nothing was heard. It has nothing due, and told of nothing.
    private static let longestSilence: Duration = .seconds(15)

    init(queue: OperationQueue, hints: WorkHints) {
        self.queue = queue
        self.hints = hints
    }

    /// - Returns: what is there at the latest at the deadline, or as soon as it differs from what the client has, or is over; nil if as many
    ///   wait as may.
    func document(
        of name: OperationName, differingFrom known: KnownTags, until deadline: ContinuousClock.Instant
    ) async throws(LogError) -> LookAnswer<OperationDocument>? {
        guard clients.take() else { return nil }
        defer { clients.giveBack() }
        return try await Waiting.withLooks(every: Self.lookInterval, until: deadline) { looks throws(LogError) in
            let subscription = try? hints.changes(of: name) { looks.look() }
            defer { subscription?.cancel() }
            var answer = try await queue.look(at: name)
            var next = looks.stream.makeAsyncIterator()
            while case .found(let document) = answer, !document.status.isOver, known.contains(document.etag),
                await next.next() != nil
            {
                answer = try await queue.look(at: name)
            }
            return answer
        }
    }

    /// - Returns: what was claimed; nothing at the deadline, or at once if as many wait as may.
    func claim(
        _ request: ClaimRequest, for caller: Caller, until deadline: ContinuousClock.Instant
    ) async throws -> [ClaimedOperation] {
        let claimed = try await claimed(request, for: caller, until: deadline)
        guard Task.isCancelled else { return claimed }
        // Whoever asked has gone meanwhile. Nobody would hear of it, and it would cost each a lease's time and an attempt.
        for operation in claimed {
            let name = OperationName(operation.document.id, of: operation.document.application)
            _ = try? await queue.giveBack(name, token: operation.token)
        }
        return []
    }

    private func claimed(
        _ request: ClaimRequest, for caller: Caller, until deadline: ContinuousClock.Instant
    ) async throws -> [ClaimedOperation] {
        var places = WorkPlaces(request, in: queue)
        guard deadline > .now else { return try await claim(request, at: places.all, &places) }
        let claimed = try await workers.whileTaken {
            try await Waiting.withLooks(every: Self.workInterval, until: deadline) { looks in
                let heard = Heard()
                let subscription = try? hints.work { hint in
                    guard heard.note(hint, for: request) else { return }
                    looks.look()
                }
                defer { subscription?.cancel() }
                var claimed = try await claim(request, at: places.all, &places)
                var next = looks.stream.makeAsyncIterator()
                while claimed.isEmpty, await next.next() != nil {
                    // Nothing is given to a token that is over.
                    try caller.stillThere()
                    let news = heard.take()
                    if news.hasMissed { places.lookEverywhere() }
                    claimed = try await claim(request, at: places.due(news.applications, queue), &places)
                }
                return claimed
            }
        }
        if let claimed { return claimed }
        return try await claim(request, at: places.all, &places)
    }

    /// Asks these partitions one after the other, until it has as much as is wanted.
    private func claim(
        _ request: ClaimRequest, at partitions: [Partition], _ places: inout WorkPlaces
    ) async throws -> [ClaimedOperation] {
        var claimed: [ClaimedOperation] = []
        // No kind always comes first.
        let turn = Int.random(in: 0..<request.kinds.count)
        let kinds = Array(request.kinds[turn...] + request.kinds[..<turn])
        for partition in partitions where claimed.count < request.most {
            do throws(LogError) {
                let answer = try await queue.claim(
                    in: partition, by: request.worker, kinds: kinds, of: places.applications(in: partition),
                    most: request.most - claimed.count, lease: request.lease)
                claimed += answer.operations
                places.note(.now + min(answer.nextDue ?? Self.longestSilence, Self.longestSilence), for: partition)
            } catch {
                // What was claimed already is the answer; else its leases would have to run out first.
                guard claimed.isEmpty else { break }
                throw Problem(error)
            }
        }
        return claimed
    }
}

/// The partitions that a claim is about, and when each is to be asked again.
struct WorkPlaces {
    private var next: [Partition: ContinuousClock.Instant] = [:]
    private let applications: [Partition: [ApplicationID]]?
    /// Beginning anywhere, so that no partition always comes first.
    let all: [Partition]

    init(_ request: ClaimRequest, in queue: OperationQueue) {
        applications = request.applications.map { Dictionary(grouping: $0) { queue.partition(of: $0) } }
        let partitions = applications.map { Array($0.keys) } ?? queue.partitions
        let start = Int.random(in: 0..<max(1, partitions.count))
        all = Array(partitions[start...] + partitions[..<start])
    }

    /// Nil for all.
    func applications(in partition: Partition) -> [ApplicationID]? { applications?[partition] }

    mutating func note(_ time: ContinuousClock.Instant, for partition: Partition) { next[partition] = time }

    mutating func lookEverywhere() { next = [:] }

    /// Those that were told of, and those whose time has come.
    func due(_ told: Set<ApplicationID>, _ queue: OperationQueue) -> [Partition] {
        let partitions = Set(told.map { queue.partition(of: $0) })
        let now = ContinuousClock.now
        return all.filter { partitions.contains($0) || next[$0].map { $0 <= now } ?? true }
    }
}

/// What was told of work since it was last asked for.
private final class Heard: Sendable {
    struct News {
        var applications: Set<ApplicationID> = []
        var hasMissed = false
    }

    private let news = Mutex(News())

    /// More are not told apart: then all is looked at.
    private static let limit = 100

    /// - Returns: whether it is about what is wanted.
    func note(_ hint: (kind: OperationKind, application: ApplicationID)?, for request: ClaimRequest) -> Bool {
        if let hint {
            guard request.kinds.contains(hint.kind), request.applications?.contains(hint.application) ?? true else {
                return false
            }
        }
        news.withLock { news in
            if let hint, news.applications.count < Self.limit {
                news.applications.insert(hint.application)
            } else {
                news.hasMissed = true
            }
        }
        return true
    }

    func take() -> News {
        news.withLock { news in
            defer { news = News() }
            return news
        }
    }
}
