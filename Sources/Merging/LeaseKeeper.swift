import ChangeLog
import Logging

/// Holds this daemon's fair share of the partitions for as long as it runs.
actor LeaseKeeper {
    private let log: ChangeLog
    private let configuration: MergeConfiguration
    private let logger: Logger
    private var numbers: Set<Int> = []

    init(log: ChangeLog, configuration: MergeConfiguration, logger: Logger) {
        self.log = log
        self.configuration = configuration
        self.logger = logger
    }

    var held: [Partition] { numbers.sorted().map(Partition.init(number:)) }

    func run(onChange: @Sendable (Set<Partition>) async -> Void) async {
        while !Task.isCancelled {
            do {
                try await settle()
                await onChange(Set(held))
            } catch {
                // With Redis away the leases run out for everybody alike. What is held stays held: work done without a lease does
                // no harm.
                logger.warning("Leases were not renewed; it goes on trying", metadata: ["error": "\(error)"])
            }
            let jitter = Double.random(in: 0.8...1)
            try? await Task.sleep(for: configuration.leaseRenewal * jitter)
        }
    }

    private func settle() async throws(LogError) {
        let daemons = try await log.report(daemon: configuration.name, aliveFor: configuration.lease)
        let share = PartitionShare(of: configuration.name, among: daemons, partitions: log.settings.partitions)
        let before = numbers
        for number in share.surplus(of: numbers) {
            _ = try await log.lease(Partition(number: number), to: configuration.name, for: .zero)
            numbers.remove(number)
        }
        for number in numbers where try await !take(number) { numbers.remove(number) }
        for number in share.wanted(besides: numbers) where numbers.count < share.target {
            if try await take(number) { numbers.insert(number) }
        }
        guard numbers != before else { return }
        logger.info(
            "The share of partitions has changed",
            metadata: ["partitions": "\(numbers.count)", "daemons": "\(daemons.count)"])
    }

    private func take(_ number: Int) async throws(LogError) -> Bool {
        do {
            switch try await log.lease(Partition(number: number), to: configuration.name, for: configuration.lease) {
            case .held: return true
            case .heldBy, .givenBack: return false
            }
        } catch .failed(let error) {
            // Somebody else's value stands where the lease belongs; the other partitions have nothing to do with it.
            logger.warning("A lease could not be taken", metadata: ["partition": "\(number)", "error": "\(error)"])
            return false
        }
    }

    /// Lets others take over at once instead of when the leases run out.
    func giveBack() async {
        do {
            for number in numbers {
                _ = try await log.lease(Partition(number: number), to: configuration.name, for: .zero)
            }
            numbers = []
            _ = try await log.report(daemon: configuration.name, aliveFor: .zero)
        } catch {
            logger.info("Leases were not given back; they run out", metadata: ["error": "\(error)"])
        }
    }
}
