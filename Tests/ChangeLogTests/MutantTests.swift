import Relays
import Testing

/// A test that has never failed proves nothing. Each of these is run once more behind a relay that takes its mechanism out of the scripts.
@Suite("Tests without what they test", .timeLimit(.minutes(5)))
struct MutantTests {
    private static let tests: KeyValuePairs<String, @Sendable () async throws -> Void> = [
        "no-records": AppendTests().repeats,
        "records-first": { try await DamageTests().wrongType("log") },
        "no-partition-bound": AppendTests().partitionBytes,
        "uncounted-logs": AppendTests().partitionBytes,
        "kept-count": AppendTests().partitionBytes,
        "no-digests": AppendTests().repeats,
        "no-client-records": SequenceTests().repeats,
        "gaps": SequenceTests().order,
        "deleted-forgotten": AdministrationTests().deletion,
        "no-backlog": AppendTests().backlogByCount,
        "no-dirty-set": PublishingTests().trimming,
        "no-damage": { try await DamageTests().wrongLength("less") },
        "any-life": LifeTests().staleLife,
        "no-failback": FailbackTests().returns,
        "failback-forgotten": FailbackTests().once,
        "same-epoch": LifeTests().restart,
        "no-adoption": AdoptionTests().atOnce,
        "any-snapshot": AdoptionTests().olderEpoch,
        "unknown-snapshot": { try await AdoptionTests().records(2) },
        "no-restored-records": AdoptionTests().adopted,
        "only-lost-restored": AdoptionTests().rejectionOfKeptChange,
        "any-published-epoch": PublishingTests().refusals,
        "beyond-tail": PublishingTests().refusals,
        "skipped-rejections": PublishingTests().from,
        "no-rejections": PublishingTests().status,
        "published-back": PublishingTests().upwardsOnly,
        "no-checkpoint-fence": PublishingTests().checkpointBeyondMerged,
        "checkpoint-back": PublishingTests().lateCheckpoint,
        "dirty-forgotten": PublishingTests().trimming,
        "any-fold": FoldVersionTests().fenced,
        "old-fold-leases": FoldVersionTests().leases,
        "same-epoch-folds": FoldVersionTests().epochs,
        "shared-leases": AdministrationTests().leaseRace,
        "endless-leases": AdministrationTests().clockPutBack,
    ]

    @Test("Without a mechanism the test of its promise fails", arguments: tests.map(\.key))
    func isMissed(_ name: String) async throws {
        let mutant = try #require(Mutant.named(name))
        let test = try #require(Self.tests.first { $0.key == name }?.value)
        try await Store.$mutant.withValue(mutant) {
            try await withKnownIssue {
                try await test()
            } matching: {
                !Mutant.isBroken("\($0)")
            }
        }
    }

    @Test("No mutant is left out")
    func all() {
        #expect(Mutant.all.map(\.name) == Self.tests.map(\.key))
    }
}
