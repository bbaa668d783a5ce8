/// Something that goes wrong for a while: it begins at a time of a round and ends before the round's faults are over.
struct Fault: Sendable, Equatable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        /// `kill -9`, and a start when the time is over.
        case killBucket, killMerger, killPoller, killCourier, killRedis, killMemcached
        /// SIGSTOP, and SIGCONT when the time is over: a merge daemon sleeps past its lease, a courier past those of its deliveries.
        case pauseBucket, pauseMerger, pausePoller, pauseCourier, pauseRedis, pauseMemcached
        /// Between one daemon and Redis, or all and one memcached: every chunk comes late, …
        case delayRedis, delayMemcached
        /// … connections are closed, again and again, …
        case cutRedis, cutMemcached
        /// … or nothing comes through until the time is over, and then all of it.
        case partitionRedis, partitionMemcached
        /// No message of pub/sub comes to any daemon.
        case dropHints
        /// memcached forgets everything.
        case flush
        /// The disk is full after so many bytes: Redis cannot write its file, and ends; until there is room again.
        case fillDisk
        /// Redis' memory is full: it refuses what would need more.
        case fillMemory
        /// Redis' clock is put forward or back.
        case stepClock
        /// Redis dies, and the end of its append-only file with it, wherever that cuts it.
        case loseTail
        /// The replica stands still for so many milliseconds, then the primary dies, or sleeps until the replica is promoted; it comes back as
        /// a primary, and becomes a replica.
        case killPrimary, sleepPrimary
        /// SIGSTOP, and SIGCONT when the time is over.
        case pauseReplica

        func isPossible(in shape: Shape) -> Bool {
            switch self {
            case .killBucket, .killMerger, .killPoller, .killCourier, .killMemcached, .pauseBucket, .pauseMerger,
                .pausePoller, .pauseCourier, .pauseMemcached, .delayMemcached, .cutMemcached, .partitionMemcached,
                .flush:
                true
            case .killRedis, .pauseRedis, .delayRedis, .cutRedis, .partitionRedis, .dropHints, .fillDisk, .fillMemory,
                .stepClock, .loseTail:
                shape.redis == .alone
            case .killPrimary, .sleepPrimary, .pauseReplica: shape.redis != .alone
            }
        }
    }

    var kind: Kind
    /// Which of the processes or relays of its kind.
    var target: Int
    var at: Duration
    var lasting: Duration
    /// Milliseconds of delay, bytes that are lost or left, or seconds by which a clock is put.
    var amount = 0

    var description: String {
        let time = "\(at.milliseconds)+\(lasting.milliseconds) ms"
        return "\(kind.rawValue) \(target)\(amount != 0 ? " (\(amount))" : "") at \(time)"
    }

    /// What is out of order meanwhile. A process that is down cannot be stopped, so faults of one resource never overlap.
    func resource(in shape: Shape) -> String {
        switch kind {
        case .killBucket, .pauseBucket: target == shape.buckets - 1 ? "front" : "bucket \(target)"
        case .killMerger, .pauseMerger: "merger \(target)"
        case .killPoller, .pausePoller: target == shape.pollers - 1 ? "front" : "poller \(target)"
        case .killCourier, .pauseCourier: "courier \(target)"
        case .killRedis, .pauseRedis, .fillDisk, .fillMemory, .loseTail, .killPrimary, .sleepPrimary, .pauseReplica:
            "redis"
        case .stepClock: "clock"
        case .killMemcached, .pauseMemcached, .flush: "memcached \(target)"
        case .delayRedis, .cutRedis, .partitionRedis: "redis relay \(target)"
        case .delayMemcached, .cutMemcached, .partitionMemcached: "memcached relay \(target)"
        case .dropHints: "hints"
        }
    }
}

extension Duration {
    var milliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
