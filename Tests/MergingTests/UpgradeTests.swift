import ChangeLog
import Documents
import Fold
import SnapshotCache
import Synchronization
import TestSupport
import Testing

@testable import Merging

@Suite("An upgrade to another version of the fold", .timeLimit(.minutes(3)))
struct UpgradeTests {
    /// The circle as a release with another version of the fold has it.
    private func upgraded(_ circle: Circle) async throws -> Circle {
        let settings = try await StoreSettings.load(
            from: circle.client,
            initial: StoreSettings(
                partitions: circle.log.settings.partitions, limits: .standard, foldVersion: FoldRules.version + 1))
        let log = ChangeLog(
            client: circle.client, settings: settings, snapshots: CachedSnapshots(cache: circle.cache), logger: quiet)
        return Circle(
            redis: circle.redis, memcached: circle.memcached, client: circle.client, hints: circle.hints,
            cache: circle.cache, log: log)
    }

    /// By epoch, which versions of the fold have made states of it.
    private final class Seen: Sendable {
        private let epochs = Mutex<[String: Set<Int>]>([:])
        let isDone = Atomic(false)

        var all: [String: Set<Int>] { epochs.withLock { $0 } }

        func note(_ epoch: String, _ version: Int) { epochs.withLock { _ = $0[epoch, default: []].insert(version) } }
    }

    @Test(
        "Merge daemons of two versions work side by side while changes come; no epoch is folded by both, and nothing is lost"
    )
    func sideBySide() async throws {
        try await withCircle { (circle: Circle) async throws in
            let new = try await upgraded(circle)
            let applications = try (0..<12).map { try id("app-\($0)") }
            let last = 120
            let seen = Seen()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !seen.isDone.load(ordering: .relaxed) {
                        try await Task.sleep(for: .milliseconds(1))
                        for application in applications {
                            guard let snapshot = try? await circle.cache.find(application) else { continue }
                            seen.note("\(application) \(snapshot.epoch)", snapshot.foldVersion)
                        }
                    }
                }
                group.addTask {
                    defer { seen.isDone.store(true, ordering: .relaxed) }
                    try await running(circle.daemon("old")) {
                        for application in applications { try await circle.push(try count(1), to: application) }
                        for application in applications { try await circle.untilMerged(application) }
                        try await running(new.daemon("new")) {
                            for number in 2...last {
                                for application in applications {
                                    try await circle.push(try count(number), to: application)
                                }
                            }
                            try await eventually(within: .seconds(20), "everything is merged by both") {
                                for application in applications {
                                    let head = try #require(try await circle.log.look(at: application))
                                    guard head.merged == head.tail else { return false }
                                }
                                return true
                            }
                            try await eventually("older daemons do not start any more") {
                                try circle.redis.command("HGET", "cistern:settings", "fold_version")
                                    == "\(FoldRules.version + 1)"
                            }
                            let foldVersions = try circle.log.partitions.map {
                                try circle.redis.command("HGET", "{\($0)}:server", "fold")
                            }
                            #expect(foldVersions.contains("\(FoldRules.version + 1)"))
                            #expect(foldVersions.contains { $0 != "\(FoldRules.version + 1)" }, "both have worked")
                        }
                    }
                    // The old ones are gone.
                    try await running(new.daemon("new")) {
                        for application in applications {
                            try await circle.push(try count(last + 1), to: application)
                            try await circle.untilMerged(application)
                            #expect(try await new.rebuilt(application) == counted(to: last + 1))
                            #expect(try await circle.published(application) == counted(to: last + 1))
                            #expect(try await circle.cache.find(application)?.foldVersion == FoldRules.version + 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let epochs = seen.all
            #expect(epochs.count > applications.count)
            #expect(epochs.allSatisfy { $0.value.count == 1 }, "\(epochs.filter { $0.value.count > 1 })")
        }
    }
}
