import Documents
import Fold
import TestSupport
import Testing

@testable import ChangeLog

@Suite("Two versions of the fold")
struct FoldVersionTests {
    private static let older = FoldRules.version
    private static let newer = FoldRules.version + 1

    /// The log as a release with that version of the fold has it.
    private func log(_ store: Store, foldingBy version: Int) async throws -> ChangeLog {
        let settings = try await StoreSettings.load(
            from: store.client, initial: StoreSettings(partitions: 4, limits: .standard, foldVersion: version))
        return ChangeLog(client: store.client, settings: settings, snapshots: store.shelf, logger: quiet)
    }

    /// Folds all that is there, and publishes it.
    @discardableResult
    private func merge(_ log: ChangeLog) async throws -> Snapshot {
        var replica = Replica(of: board, settings: log.settings)
        let slice = try #require(try await log.read(board, after: nil))
        _ = try replica.absorb(slice)
        let made = replica.snapshot()
        let snapshot = try #require(made)
        #expect(
            try await log.merged(
                board, from: slice.from, to: snapshot.positionToken, version: snapshot.version,
                stateBytes: snapshot.state.count, rejections: []) == .done)
        return snapshot
    }

    @Test("What a newer one has taken over, an older one neither reads, publishes nor checkpoints")
    func fenced() async throws {
        try await withStore { (store: Store) async throws in
            let (old, new) = (try await log(store, foldingBy: Self.older), try await log(store, foldingBy: Self.newer))
            try await old.push(change("c1"))
            let first = try await merge(old)
            // As long as nobody has raised the partition it is the older one's.
            await #expect(throws: LogError.otherFold(Self.older, own: Self.newer)) {
                try await new.read(board, after: nil)
            }
            let partition = new.partition(of: board)
            #expect(try await new.lease(partition, to: "new", for: .seconds(10)) == .held(fence: 1))
            try await new.push(change("c2"))
            let refusal = LogError.otherFold(Self.newer, own: Self.older)
            await #expect(throws: refusal) { try await old.read(board, after: first.positionToken) }
            await #expect(throws: refusal) { try await old.read(board, after: nil) }
            await #expect(throws: refusal) {
                try await old.merged(
                    board, from: 0, to: first.positionToken, version: 1, stateBytes: 7, rejections: [])
            }
            await #expect(throws: refusal) { try await old.checkpoint(first) }
            // Taking changes in is the same in all versions.
            try await old.push(change("c3"))
            #expect(try await merge(new).position == 3)
        }
    }

    @Test("A newer one begins another epoch, behind a checkpoint of the older one")
    func epochs() async throws {
        try await withStore { (store: Store) async throws in
            let (old, new) = (try await log(store, foldingBy: Self.older), try await log(store, foldingBy: Self.newer))
            try await old.push(change("c1"))
            let first = try await merge(old)
            #expect(first.foldVersion == Self.older)
            #expect(try await old.checkpoint(first) == .done)
            try await old.push(change("c2"))
            let second = try await merge(old)
            _ = try await new.lease(new.partition(of: board), to: "new", for: .seconds(10))
            let third = try await merge(new)
            #expect(third.foldVersion == Self.newer)
            #expect(third.position == 2 && third.epoch != second.epoch)
            #expect(try await new.checkpoint(third) == .done)
            let again = try await merge(new)
            #expect(again.withoutRecords.encoded() == third.withoutRecords.encoded())
            // Renewing the lease changes nothing more.
            _ = try await new.lease(new.partition(of: board), to: "new", for: .seconds(10))
            #expect(try await merge(new).epoch == third.epoch)
        }
    }

    @Test("An older one gets no lease where a newer one has worked, and does not start again")
    func leases() async throws {
        try await withStore { (store: Store) async throws in
            let (old, new) = (try await log(store, foldingBy: Self.older), try await log(store, foldingBy: Self.newer))
            let (one, two) = (Partition(number: 1), Partition(number: 2))
            #expect(try await old.lease(one, to: "old", for: .seconds(10)) == .held(fence: 1))
            #expect(try await new.lease(one, to: "new", for: .seconds(10)) == .heldBy("old"))
            #expect(try await old.lease(one, to: "old", for: .zero) == .givenBack)
            #expect(try await new.lease(one, to: "new", for: .seconds(10)) == .held(fence: 2))
            #expect(try await new.lease(one, to: "new", for: .zero) == .givenBack)
            #expect(try await old.lease(one, to: "old", for: .seconds(10)) == .heldBy("fold-version-\(Self.newer)"))
            // Elsewhere it goes on.
            #expect(try await old.lease(two, to: "old", for: .seconds(10)) == .held(fence: 1))
            try await new.raiseFoldVersion()
            await #expect(throws: StoreSettingsError.self) { try await log(store, foldingBy: Self.older) }
            _ = try await log(store, foldingBy: Self.newer)
        }
    }
}
