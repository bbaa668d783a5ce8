import ChangeLog
import Logging
import Redis

/// Holds this daemon's fair share of the partitions for as long as it runs.
actor LeaseKeeper {
    private let log: ChangeLog
    private let hints: LogHints
    private let configuration: MergeConfiguration
    private let logger: Logger
    private var numbers: Set<Int> = []

    init(log: ChangeLog, hints: LogHints, configuration: MergeConfiguration, logger: Logger) {
        self.log = log
        self.hints = hints
        self.configuration = configuration
        self.logger = logger
    }

    var held: [Partition] { numbers.sorted().map(Partition.init(number:)) }

    /// Renews leases now and then, and looks at once when somebody has given some back or has come to share them: partitions that
    /// nobody works in are changes that wait.
    func run(onChange: @Sendable (Set<Partition>) async -> Void) async {
        // However many hints come while it looks, they are one reason to look again.
        let (looks, due) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let subscription = try? hints.leases { due.yield() }
        let renewal = configuration.leaseRenewal
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    due.yield()
                    try? await Task.sleep(for: renewal * Double.random(in: 0.8...1))
                }
            }
            var isAnnounced = false
            for await _ in looks {
                do {
                    try await settle()
                    await onChange(Set(held))
                    // The others are to make room, and those of an older fold not to come back.
                    if !isAnnounced {
                        try await log.raiseFoldVersion()
                        try await log.announceLeases()
                    }
                    isAnnounced = true
                } catch {
                    // With Redis away the leases run out for everybody alike. What is held stays held: work done without a lease
                    // does no harm.
                    logger.warning("Leases were not renewed; it goes on trying", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
        }
        subscription?.cancel()
    }

    private func settle() async throws(LogError) {
        let daemons = try await log.report(daemon: configuration.name, aliveFor: configuration.lease)
        let share = PartitionShare(of: configuration.name, among: daemons, partitions: log.settings.partitions)
        let before = numbers
        let surplus = share.surplus(of: numbers)
        try await giveBack(surplus)
        if !surplus.isEmpty { try await log.announceLeases() }
        try await take(numbers.sorted())
        var wanted = share.wanted(besides: numbers)[...]
        while numbers.count < share.target, !wanted.isEmpty {
            let round = wanted.prefix(share.target - numbers.count)
            wanted = wanted.dropFirst(round.count)
            try await take(Array(round))
        }
        guard numbers != before else { return }
        logger.info(
            "The share of partitions has changed",
            metadata: ["partitions": "\(numbers.count)", "daemons": "\(daemons.count)"])
    }

    /// Takes or renews leases, and notes which of them are held.
    private func take(_ wanted: [Int]) async throws(LogError) {
        let answers = await PartitionRound.ask(wanted.map(Partition.init(number:))) { [log, configuration] partition in
            await Self.result { () throws(LogError) in
                try await log.lease(partition, to: configuration.name, for: configuration.lease)
            }
        }
        var failure: LogError?
        for (partition, answer) in answers {
            switch answer {
            case .success(.held): numbers.insert(partition.number)
            case .success(.heldBy), .success(.givenBack): numbers.remove(partition.number)
            case .failure(.failed(let error)):
                // Somebody else's value stands where the lease belongs; the other partitions have nothing to do with it.
                numbers.remove(partition.number)
                logger.warning(
                    "A lease could not be taken", metadata: ["partition": "\(partition.number)", "error": "\(error)"])
            case .failure(let error): failure = error
            }
        }
        if let failure { throw failure }
    }

    private func giveBack(_ unwanted: [Int]) async throws(LogError) {
        let answers = await PartitionRound.ask(unwanted.map(Partition.init(number:))) {
            [log, configuration] partition in
            await Self.result { () throws(LogError) in
                try await log.lease(partition, to: configuration.name, for: .zero)
            }
        }
        for (partition, answer) in answers {
            _ = try answer.get()
            numbers.remove(partition.number)
        }
    }

    private static func result(
        _ operation: () async throws(LogError) -> LeaseAnswer
    ) async -> Result<LeaseAnswer, LogError> {
        do { return .success(try await operation()) } catch { return .failure(error) }
    }

    /// Lets others take over at once instead of when the leases run out.
    func giveBack() async {
        do {
            try await giveBack(numbers.sorted())
            _ = try await log.report(daemon: configuration.name, aliveFor: .zero)
            try await log.announceLeases()
        } catch {
            logger.info("Leases were not given back; they run out", metadata: ["error": "\(error)"])
        }
    }
}
