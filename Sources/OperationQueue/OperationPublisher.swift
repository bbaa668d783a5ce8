// Says in the states of applications how their operations stand, and settles what time brings about where nobody asks. Any number of them may
// run, on any partitions: what one has begun and not ended the next one does, and what both do counts once.

package import ChangeLog
package import Logging
import Redis
import ServiceLifecycle
import Synchronization

package struct OperationPublisher: Service {
    private let queue: OperationQueue
    private let hints: WorkHints
    private let partitions: @Sendable () -> Set<Partition>
    private let metrics = OperationMetrics()
    private let logger: Logger

    /// Between two looks at what is known here: whether there was a hint, or something has its time.
    private static let lookInterval: Duration = .milliseconds(50)
    /// Between two questions to a partition of which nothing was heard, in case a hint was lost; and after a failure.
    private static let sweepInterval: Duration = .seconds(1)
    private static let countInterval: Duration = .seconds(10)
    /// Operations of a partition that are published at the same time.
    private static let width = 16

    /// - Parameter partitions: Those that this process is to look after, asked for again and again.
    package init(
        queue: OperationQueue, hints: WorkHints, logger: Logger, partitions: @escaping @Sendable () -> Set<Partition>
    ) {
        self.queue = queue
        self.hints = hints
        self.partitions = partitions
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await publish() }
                group.addTask { await count() }
            }
        }
    }

    /// What was heard of and not looked at yet.
    private final class Heard: Sendable {
        private let heard = Mutex((partitions: Set<Partition>(), hasMissed: false))

        func note(_ partition: Partition?) {
            heard.withLock { heard in
                if let partition { heard.partitions.insert(partition) } else { heard.hasMissed = true }
            }
        }

        func take() -> (partitions: Set<Partition>, hasMissed: Bool) {
            heard.withLock { heard in
                defer { heard = ([], false) }
                return heard
            }
        }
    }

    private func publish() async {
        let heard = Heard()
        let subscription = try? hints.news { heard.note($0) }
        defer { subscription?.cancel() }
        var next: [Partition: ContinuousClock.Instant] = [:]
        var isFailing = false
        while !Task.isCancelled {
            let (told, hasMissed) = heard.take()
            let (held, now) = (partitions(), ContinuousClock.now)
            next = hasMissed ? [:] : next.filter { held.contains($0.key) }
            let due = held.filter { told.contains($0) || next[$0].map { $0 <= now } ?? true }
            var failure: LogError?
            await withTaskGroup(of: (Partition, Result<Duration, LogError>).self) { group in
                for partition in due { group.addTask { (partition, await publish(in: partition)) } }
                for await (partition, answer) in group {
                    switch answer {
                    case .success(let pause): next[partition] = .now + min(pause, Self.sweepInterval)
                    case .failure(let error):
                        failure = error
                        next[partition] = .now + Self.sweepInterval
                    }
                }
            }
            if let failure, !isFailing {
                logger.warning(
                    "What becomes of operations is not said in all states; this goes on trying",
                    metadata: ["error": "\(failure)"])
            }
            if !due.isEmpty { isFailing = failure != nil }
            try? await Task.sleep(for: Self.lookInterval)
        }
    }

    /// - Returns: when the partition is to be asked again.
    private func publish(in partition: Partition) async -> Result<Duration, LogError> {
        do throws(LogError) {
            let answer = try await queue.news(in: partition)
            guard !answer.news.isEmpty else { return .success(answer.next ?? Self.sweepInterval) }
            return await publish(answer.news).map { .zero }
        } catch {
            return .failure(error)
        }
    }

    private func publish(_ news: [OperationNews]) async -> Result<Void, LogError> {
        await withTaskGroup(of: Result<Int, LogError>.self) { group in
            var rest = news[...]
            var outcome: Result<Void, LogError> = .success(())
            func add() {
                guard let news = rest.popFirst() else { return }
                group.addTask {
                    do throws(LogError) { return .success(try await queue.publish(news)) } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<Self.width { add() }
            for await published in group {
                switch published {
                case .success(let changes): metrics.published(changes)
                // Whatever it is, the other operations may have nothing to do with it.
                case .failure(let error): outcome = .failure(error)
                }
                add()
            }
            return outcome
        }
    }

    /// Counts now and then what is in the partitions, since nobody sees it grow otherwise.
    private func count() async {
        while !Task.isCancelled {
            var tallies: [OperationTally] = []
            for partition in partitions() {
                if let tally = try? await queue.tally(of: partition) { tallies.append(tally) }
            }
            metrics.counted(tallies)
            // The first time it has no partition yet.
            try? await Task.sleep(for: tallies.isEmpty ? Self.sweepInterval : Self.countInterval)
        }
    }
}
