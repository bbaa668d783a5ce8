import ChangeLog
import Documents
import Fold
import Redis
import TestSupport
import Testing

@Suite("Administration", .timeLimit(.minutes(2)))
struct AdministrationTests {
    @Test("A deleted application is gone, its ids stay refused, and a new id starts a new epoch at position 1")
    func deletion() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log
            try await log.push([change("a"), change("b")])
            let epoch = try await log.head().epoch
            #expect(try await log.delete(board) == .deleted)
            #expect(try await log.look(at: board) == nil)
            #expect(try await log.read(board, after: nil) == nil)
            #expect(try await log.dirtyApplications(in: log.partition(of: board)).isEmpty)
            #expect(try await log.applications(prefix: "", after: nil, limit: 10).isEmpty)
            // A delayed duplicate must not bring it back to life.
            #expect(try await log.push(change("a")) == .refused(.deleted))
            #expect(try await log.look(at: board) == nil)
            #expect(try await log.status(of: changeID("a"), in: board) == .deleted)
            #expect(try await log.push(change("c")) == .appended(position: 1))
            #expect(try await log.head().epoch != epoch)
            #expect(try await log.push(change("b")) == .refused(.deleted))
            #expect(try await log.push(change("b", "{}")) == .refused(.deleted))
            #expect(try await log.status(of: changeID("b"), in: board) == .deleted)
        }
    }

    @Test("A deletion that demands a version is refused if the application has another")
    func deletionIfVersion() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), impossible("b")])
            var hand = Hand(store)
            try await hand.work()
            let version = VersionToken(epoch: try await store.log.head().epoch, number: 1)
            let other = VersionToken(epoch: version.epoch, number: 2)
            #expect(try await store.log.delete(board, ifVersion: other) == .mismatch(version))
            #expect(try await store.log.delete(board, ifVersion: version) == .deleted)
        }
    }

    @Test("Applications are listed by prefix and in order, page by page over all partitions")
    func listing() async throws {
        try await withStore(partitions: 8) { (store: Store) async throws in
            let names = ["a", "b", "b-1", "b.1", "b1", "bz", "B", "c", "b~x", "ba"]
            for name in names { try await store.log.push(change("x"), to: id(name)) }
            func list(_ prefix: String, _ after: String? = nil, _ limit: Int = 100) async throws -> [String] {
                try await store.log.applications(prefix: prefix, after: after.map(id), limit: limit).map(\.description)
            }
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(try await list("") == sorted)
            #expect(try await list("b") == sorted.filter { $0.hasPrefix("b") })
            #expect(try await list("b", "b1") == sorted.filter { $0.hasPrefix("b") && $0 > "b1" })
            #expect(try await list("b", "a") == sorted.filter { $0.hasPrefix("b") })
            #expect(try await list("b", "c") == [])
            #expect(try await list("zz") == [])
            var paged: [String] = []
            while true {
                let page = try await list("", paged.last, 3)
                paged += page
                if page.count < 3 { break }
            }
            #expect(paged == sorted)
        }
    }

    @Test("Applications are spread over all partitions, and a partition's name fits its number")
    func partitions() throws {
        var counts = [Int](repeating: 0, count: 64)
        for n in 0..<6_400 { counts[Partition(of: id("app-\(n)"), among: 64).number] += 1 }
        #expect(counts.allSatisfy { $0 > 30 })
        #expect(Partition(number: 7).description == "c07" && Partition(number: 63).description == "c63")
    }

    // MARK: Settings

    @Test("The second daemon takes the settings of the first, whatever it was started with")
    func settings() async throws {
        try await withStore(partitions: 4) { (store: Store) async throws in
            let other = StoreSettings(
                partitions: 32, limits: DocumentLimits(maximumBytes: 10, maximumDepth: 3, maximumWork: 7))
            let loaded = try await StoreSettings.load(from: store.client, initial: other)
            #expect(loaded == store.settings)
            #expect(loaded.partitions == 4 && loaded.limits == .standard)
        }
    }

    @Test("A store of another fold version, or with unreadable settings, is refused with words")
    func wrongSettings() async throws {
        try await withStore { (store: Store) async throws in
            func refusal() async throws -> String? {
                do throws(StoreSettingsError) {
                    _ = try await StoreSettings.load(from: store.client, initial: store.settings)
                    return nil
                } catch {
                    return error.description
                }
            }
            #expect(try await refusal() == nil)
            try store.redis.command("HSET", "cistern:settings", "fold_version", "99")
            #expect(try await refusal()?.contains("fold version 99") == true)
            try store.redis.command(
                "HSET", "cistern:settings", "fold_version", "\(FoldRules.version)", "partitions", "0")
            #expect(try await refusal()?.contains("partitions") == true)
            try store.redis.command("HSET", "cistern:settings", "partitions", "many")
            #expect(try await refusal()?.contains("many") == true)
        }
    }

    // MARK: Leases

    @Test("A lease has one holder, who may renew it; once given back or expired it is another's, with a higher fence")
    func leases() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log
            let partition = Partition(number: 1)
            #expect(try await log.lease(partition, to: "one", for: .seconds(10)) == .held(fence: 1))
            #expect(try await log.lease(partition, to: "two", for: .seconds(10)) == .heldBy("one"))
            #expect(try await log.lease(partition, to: "two", for: .zero) == .heldBy("one"))
            #expect(try await log.lease(partition, to: "one", for: .seconds(10)) == .held(fence: 1))
            #expect(try await log.lease(Partition(number: 2), to: "two", for: .seconds(10)) == .held(fence: 1))
            #expect(try await log.lease(partition, to: "one", for: .zero) == .givenBack)
            #expect(try await log.lease(partition, to: "two", for: .milliseconds(30)) == .held(fence: 2))
            try await eventually("the lease expires") {
                try await log.lease(partition, to: "one", for: .seconds(10)) == .held(fence: 3)
            }
        }
    }

    @Test("Of many that want a lease at once one gets it")
    func leaseRace() async throws {
        try await withStore { (store: Store) async throws in
            let answers = try await withThrowingTaskGroup(of: LeaseAnswer.self) { group in
                for n in 0..<50 {
                    group.addTask { try await store.log.lease(Partition(number: 0), to: "d\(n)", for: .seconds(60)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0 == .held(fence: 1) }.count == 1)
            #expect(Set(answers).count == 2)
        }
    }

    @Test("A clock that is put back by an hour leaves no partition to the dead, and takes none from those who live")
    func clockPutBack() async throws {
        // Long, so that no slow machine lets it run out before the clock is put back.
        let life = Duration.seconds(60)
        let folder = try PrivateFolder("clock")
        defer { folder.remove() }
        let clock = try await TestClock(in: folder.path)
        let redis = try await TestRedis.start(clock: clock)
        defer { redis.remove() }
        try await withStore(redis) { (store: Store) async throws in
            let log = store.log
            let (first, second) = (Partition(number: 0), Partition(number: 1))
            for (partition, daemon) in [(first, "dead"), (second, "alive")] {
                #expect(try await log.lease(partition, to: daemon, for: life) == .held(fence: 1))
                _ = try await log.report(daemon: daemon, aliveFor: life)
            }
            try clock.set(to: .seconds(-3_600))
            #expect(try await log.report(daemon: "alive", aliveFor: life) == ["alive"])
            #expect(try await log.lease(second, to: "alive", for: life) == .held(fence: 1))
            #expect(try await log.lease(second, to: "other", for: life) == .heldBy("alive"))
            #expect(try await log.lease(first, to: "alive", for: life) == .held(fence: 2))
        }
    }

    @Test("Daemons are listed while they live")
    func daemons() async throws {
        try await withStore { (store: Store) async throws in
            #expect(try await store.log.report(daemon: "b", aliveFor: .seconds(2)) == ["b"])
            #expect(try await store.log.report(daemon: "a", aliveFor: .milliseconds(600)).contains("b"))
            try await eventually("the daemon that says nothing more is forgotten") {
                try await store.log.report(daemon: "b", aliveFor: .seconds(2)) == ["b"]
            }
            #expect(try await store.log.report(daemon: "c", aliveFor: .seconds(2)) == ["b", "c"])
            #expect(try await store.log.report(daemon: "b", aliveFor: .zero) == ["c"])
        }
    }
}
