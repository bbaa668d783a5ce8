import Foundation
import NIOCore
import Relays
import SystemSupport
import TestSupport

/// Makes faults happen, and ends them.
struct Injection: Sendable {
    let cistern: FaultyCistern
    let history: History

    /// Connections are closed as often as this while they are being cut.
    private static let cutInterval: Duration = .milliseconds(50)
    private static let startInterval: Duration = .milliseconds(100)
    /// Sentinels are asked ten times a second, by daemons that may stand still meanwhile.
    private static let hearing: Duration = .seconds(1)

    /// Returns when all faults are over and every process runs.
    func run(_ schedule: Schedule) async throws {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Those of one resource one after the other, also if it took its time to start again.
            for faults in Dictionary(grouping: schedule.faults, by: { $0.resource(in: cistern.shape) }).values {
                group.addTask {
                    for fault in faults {
                        try await Task.sleep(until: start + fault.at)
                        history.note(.fault(fault.description))
                        try await perform(fault)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func perform(_ fault: Fault) async throws {
        switch fault.kind {
        case .killBucket: try await kill(cistern.buckets[fault.target], for: fault.lasting)
        case .killMerger: try await kill(cistern.mergers[fault.target], for: fault.lasting)
        case .killPoller: try await kill(cistern.pollers[fault.target], for: fault.lasting)
        case .killCourier: try await kill(cistern.couriers[fault.target], for: fault.lasting)
        case .pauseCourier: try await pause(cistern.couriers[fault.target], for: fault.lasting)
        case .pauseBucket: try await pause(cistern.buckets[fault.target], for: fault.lasting)
        case .pauseMerger: try await pause(cistern.mergers[fault.target], for: fault.lasting)
        case .pausePoller: try await pause(cistern.pollers[fault.target], for: fault.lasting)
        case .killRedis:
            cistern.redis.kill()
            try await Task.sleep(for: fault.lasting)
            try await startRedis()
        case .fillDisk:
            try cistern.redis.fillDisk(after: fault.amount)
            try await Task.sleep(for: fault.lasting)
            cistern.redis.kill()
            try await startRedis()
        case .fillMemory:
            try cistern.redis.command("CONFIG", "SET", "maxmemory", "1")
            try await Task.sleep(for: fault.lasting)
            try cistern.redis.command("CONFIG", "SET", "maxmemory", "0")
        case .stepClock: try cistern.clock.set(to: .seconds(fault.amount))
        case .loseTail:
            cistern.redis.kill()
            try cistern.redis.loseTail(of: fault.amount)
            try await Task.sleep(for: fault.lasting)
            try await startRedis()
        case .pauseRedis:
            cistern.redis.pause()
            try await Task.sleep(for: fault.lasting)
            cistern.redis.resume()
        case .killPrimary:
            try await promote(fault) {
                $0.kill()
            } restart: {
                try await $0.launch()
            }
        case .sleepPrimary:
            try await promote(fault) {
                $0.pause()
            } restart: {
                $0.resume()
            }
        case .pauseReplica:
            let (_, replica) = try roles()
            replica.pause()
            try await Task.sleep(for: fault.lasting)
            replica.resume()
        case .killMemcached:
            cistern.memcacheds[fault.target].kill()
            try await Task.sleep(for: fault.lasting)
            try await cistern.memcacheds[fault.target].launch()
        case .pauseMemcached:
            cistern.memcacheds[fault.target].pause()
            try await Task.sleep(for: fault.lasting)
            cistern.memcacheds[fault.target].resume()
        case .flush: try cistern.memcacheds[fault.target].flush()
        case .delayRedis: try await delay([cistern.redisRelays[fault.target]], fault)
        case .delayMemcached: try await delay([cistern.memcachedRelays[fault.target]], fault)
        case .cutRedis: try await cut(cistern.redisRelays[fault.target], for: fault.lasting)
        case .cutMemcached: try await cut(cistern.memcachedRelays[fault.target], for: fault.lasting)
        case .partitionRedis: try await silence(cistern.redisRelays[fault.target], for: fault.lasting)
        case .partitionMemcached: try await silence(cistern.memcachedRelays[fault.target], for: fault.lasting)
        case .dropHints:
            for relay in cistern.redisRelays { relay.trouble.change { $0.dropsHints = true } }
            try await Task.sleep(for: fault.lasting)
            for relay in cistern.redisRelays { relay.trouble.change { $0.dropsHints = false } }
        }
    }

    /// Does as people are told to if Redis does not start, because it died once more before it had left a torn file behind.
    private func startRedis() async throws {
        do { try await cistern.redis.launch() } catch {
            history.note(.fault("mendFile"))
            try cistern.redis.mendFiles()
            try await cistern.redis.launch()
        }
    }

    /// Returns when there is a replica again that has everything.
    private func promote(
        _ fault: Fault, _ stop: (TestRedis) -> Void, restart: (TestRedis) async throws -> Void
    ) async throws {
        guard let replication = cistern.replication else { return }
        let (primary, replica) = try roles()
        // What is written now is not on the replica.
        if fault.amount > 0 {
            try replication.cutOff(replica, from: primary)
            try await Task.sleep(for: .milliseconds(fault.amount))
        }
        stop(primary)
        replica.resume()
        let begin = ContinuousClock.now
        _ = try await replication.promotion(from: primary)
        history.note(.fault("promotion took \((ContinuousClock.now - begin).milliseconds) ms"))
        // One that wakes up in the very moment is still asked by daemons that have not heard of the promotion.
        try await Task.sleep(for: Self.hearing)
        try await restart(primary)
        try await replication.settled()
    }

    private func roles() throws -> (primary: TestRedis, replica: TestRedis) {
        guard let replication = cistern.replication else { throw TestSupportError("there is no replica in this run") }
        let primary = try replication.primary()
        let replica = replication.servers.first { $0 !== primary }
        return (primary, replica ?? primary)
    }

    private func kill(_ daemon: DaemonProcess, for time: Duration) async throws {
        daemon.kill()
        try await Task.sleep(for: time)
        // Where another fault keeps it from starting, it is tried again, as a service manager does.
        for _ in 0..<5 {
            do { return try await daemon.launch() } catch {
                history.note(.fault("start of \(daemon.program.rawValue) failed"))
                daemon.kill()
            }
            try await Task.sleep(for: Self.startInterval)
        }
        try await daemon.launch()
    }

    private func pause(_ daemon: DaemonProcess, for time: Duration) async throws {
        daemon.pause()
        try await Task.sleep(for: time)
        daemon.resume()
    }

    private func delay(_ relays: [Relay], _ fault: Fault) async throws {
        let delay = TimeAmount.milliseconds(Int64(fault.amount))
        for relay in relays { relay.trouble.change { $0.delay = delay } }
        try await Task.sleep(for: fault.lasting)
        for relay in relays { relay.trouble.change { $0.delay = .zero } }
    }

    private func cut(_ relay: Relay, for time: Duration) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            relay.cut()
            try await Task.sleep(for: Self.cutInterval)
        }
    }

    private func silence(_ relay: Relay, for time: Duration) async throws {
        relay.trouble.change { $0.isSilent = true }
        try await Task.sleep(for: time)
        relay.trouble.change { $0.isSilent = false }
    }
}

extension TestRedis {
    /// Cuts so many bytes off the append-only file, or all of it if there are fewer.
    fileprivate func loseTail(of bytes: Int) throws {
        try cutAppendOnlyFile(bytes: min(bytes, try Data(contentsOf: URL(filePath: try appendOnlyFile())).count))
    }

    /// Its next write beyond so many bytes fails.
    fileprivate func fillDisk(after bytes: Int) throws {
        limitFiles(to: try Data(contentsOf: URL(filePath: try appendOnlyFile())).count + bytes)
    }

    /// As `redis-check-aof --fix` does with each file.
    fileprivate func mendFiles() throws {
        let folder = URL(filePath: "\(self.folder)/appendonlydir")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "aof" {
            let bytes = try Data(contentsOf: file)
            try bytes.prefix(AppendOnlyFile.wholeTransactions(in: ByteBuffer(bytes: bytes))).write(to: file)
        }
    }
}
