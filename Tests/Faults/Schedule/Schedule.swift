import TestSupport

/// How many processes there are of each kind. The last bucket and the last poller are one front.
struct Shape: Sendable {
    var buckets = 2
    var mergers = 3
    var pollers = 3
    var couriers = 2
    var memcacheds = 3
    var redis = Redis.alone

    enum Redis: Sendable {
        /// One server, behind a relay for each daemon.
        case alone
        /// A primary and a replica, which sentinels promote. What the replica has not is lost.
        case replicated
        /// … and nothing is acknowledged before the replica has it.
        case waitedFor
    }

    init(redis: Redis = .alone) { self.redis = redis }

    var daemons: Int { buckets + mergers + pollers + couriers - 1 }
}

/// The faults of one round. The same seed, round, length and shape give the same faults.
struct Schedule: Sendable, Equatable {
    let faults: [Fault]
    /// Redis loses acknowledged changes in this round.
    let mayLose: Bool
    /// What was seen before a replica had it, and never acknowledged, may be lost.
    var mayLoseSeen: Bool { mayLose || faults.contains { [.killPrimary, .sleepPrimary].contains($0.kind) } }

    /// Redis' clock is put forward or back.
    var putsClock: Bool { faults.contains { $0.kind == .stepClock } }

    /// Of 100 rounds those in which the append-only file is cut.
    private static let losingRounds = 30
    /// On average one fault begins in this time.
    private static let pace: Duration = .milliseconds(450)
    /// Seconds by which a clock is wrong at the most.
    static let longestStep = 120
    /// Bytes that are lost of Redis' file at the most.
    static let longestTail = 30_000
    /// No fault begins before clients are at work.
    private static let calm: Duration = .milliseconds(800)

    init(seed: UInt64, round: Int, length: Duration, shape: Shape = Shape()) {
        var numbers = SeededNumbers(seed: seed &+ UInt64(round) &* 0x9e37_79b9)
        let loses = shape.redis == .alone && numbers.isLucky(Self.losingRounds)
        var kinds = Fault.Kind.allCases.filter { $0.isPossible(in: shape) && (loses || $0 != .loseTail) }
        if loses { kinds += [.loseTail, .loseTail, .flush, .killMemcached] }
        // There is time for one in a round.
        if shape.redis != .alone { kinds += [.killPrimary, .killPrimary, .killPrimary, .sleepPrimary, .sleepPrimary] }
        var busyUntil: [String: Duration] = [:]
        var faults: [Fault] = []
        var at = Self.calm
        while at < length {
            let fault = Self.fault(numbers.pick(kinds), at: at, shape: shape, &numbers)
            at += .milliseconds(Int.random(in: 0...2 * Self.pace.milliseconds, using: &numbers))
            let isFree = fault.at >= busyUntil[fault.resource(in: shape)] ?? .zero
            guard isFree, fault.at + fault.lasting < length else { continue }
            busyUntil[fault.resource(in: shape)] = fault.at + fault.lasting
            faults.append(fault)
        }
        self.faults = faults
        let losing: [Fault.Kind] = shape.redis == .replicated ? [.killPrimary, .sleepPrimary] : [.loseTail]
        mayLose = faults.contains { losing.contains($0.kind) }
    }

    private static func fault(
        _ kind: Fault.Kind, at: Duration, shape: Shape, _ numbers: inout SeededNumbers
    ) -> Fault {
        let targets: Int
        /// Milliseconds.
        let lasting: ClosedRange<Int>
        var amount = 0
        switch kind {
        case .killBucket: (targets, lasting) = (shape.buckets, 50...1_000)
        case .killMerger: (targets, lasting) = (shape.mergers, 50...2_000)
        case .killPoller: (targets, lasting) = (shape.pollers, 50...1_000)
        case .killCourier: (targets, lasting) = (shape.couriers, 50...2_000)
        case .killRedis, .fillDisk, .loseTail: (targets, lasting) = (1, 50...1_200)
        case .fillMemory: (targets, lasting) = (1, 100...1_500)
        case .stepClock: (targets, lasting) = (1, 1...1)
        case .killMemcached: (targets, lasting) = (shape.memcacheds, 50...1_500)
        case .pauseBucket: (targets, lasting) = (shape.buckets, 100...1_500)
        // The lease is one second.
        case .pauseMerger: (targets, lasting) = (shape.mergers, 1_200...3_000)
        case .pausePoller: (targets, lasting) = (shape.pollers, 100...1_500)
        // The lease of a delivery is two seconds.
        case .pauseCourier: (targets, lasting) = (shape.couriers, 500...3_500)
        case .pauseRedis: (targets, lasting) = (1, 100...1_500)
        case .pauseMemcached: (targets, lasting) = (shape.memcacheds, 100...1_500)
        case .delayRedis, .cutRedis, .partitionRedis: (targets, lasting) = (shape.daemons, 200...2_500)
        case .delayMemcached, .cutMemcached, .partitionMemcached: (targets, lasting) = (shape.memcacheds, 200...2_500)
        case .dropHints: (targets, lasting) = (1, 1_000...4_000)
        case .flush: (targets, lasting) = (shape.memcacheds, 1...1)
        // What a promotion takes at least.
        case .killPrimary, .sleepPrimary: (targets, lasting) = (1, 4_000...6_000)
        case .pauseReplica: (targets, lasting) = (1, 100...400)
        }
        switch kind {
        case .delayRedis, .delayMemcached: amount = Int.random(in: 1...120, using: &numbers)
        case .fillDisk: amount = Int.random(in: 0...10_000, using: &numbers)
        // Less than the tolerance for ids with a time in them.
        case .stepClock: amount = Int.random(in: -Self.longestStep...Self.longestStep, using: &numbers)
        // Less than that after which a replica is taken for dead, and not promoted.
        case .killPrimary, .sleepPrimary: amount = Int.random(in: 0...300, using: &numbers)
        case .loseTail: amount = Int.random(in: 1...numbers.pick([100, 2_000, longestTail]), using: &numbers)
        case .killBucket, .killMerger, .killPoller, .killCourier, .killRedis, .killMemcached, .pauseBucket,
            .pauseMerger, .pausePoller, .pauseCourier, .pauseRedis, .pauseMemcached, .cutRedis, .cutMemcached,
            .partitionRedis,
            .partitionMemcached, .dropHints, .flush, .fillMemory, .pauseReplica:
            break
        }
        return Fault(
            kind: kind, target: Int.random(in: 0..<targets, using: &numbers), at: at,
            lasting: .milliseconds(Int.random(in: lasting, using: &numbers)), amount: amount)
    }
}
