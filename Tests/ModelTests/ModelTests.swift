// The protocol's models, searched: no run of the whole protocol breaks a promise, and without any one of its rules some run does.
// What the promises and the switches are stands at the head of each model.

import Foundation
import Testing

/// A rule taken out of a model, and the promises of which a run must break one then.
struct Mutant: Sendable, CustomTestStringConvertible {
    let rule: String
    let configuration: Configuration
    let promises: Set<Int>

    init(_ rule: String, _ model: String, _ switches: String, breaks promises: Set<Int>, search: [String] = []) {
        self.rule = rule
        self.configuration = Configuration(model, "\(rule) \(switches)", search: search)
        self.promises = promises
    }

    var testDescription: String { "\(configuration.model) \(rule)" }
}

@Suite(
    "Protocol models",
    .enabled(
        if: ModelChecker.missing.isEmpty,
        "Not installed: \(ModelChecker.missing.joined(separator: ", ")). To run these tests: apt-get install spin gcc"))
struct ModelTests {
    static let whole = [
        // A Redis that is started again or replaced and may have lost the end of its log, a change of two that is rejected.
        Configuration("cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0"),
        // The application itself may be lost; memcached too; everybody else may be killed.
        Configuration("cistern", "CHANGES=1 LIVES=1 WIPES=1"),
        // The old primary lives on.
        Configuration("cistern", "CHANGES=1 EXISTS LIVES=1 SPLIT CRASHES=0"),
        // Two merge daemons without a lease.
        Configuration("cistern", "CHANGES=2 EXISTS DAEMONS=2 CRASHES=0"),
        Configuration("cistern", "CHANGES=1 DELETES=1 DUPLICATES=1"),
        Configuration("preconditions", ""),
        Configuration("sequenced", "CHANGES=2 LIVES=1 DELETES=1"),
        Configuration("sequenced", "CHANGES=3 LIVES=1 WIPES=1"),
        Configuration("sequenced", "CHANGES=3 LIVES=0 DELETES=1 DUPLICATES=1"),
    ]

    @Test("No run of the whole protocol breaks a promise", arguments: whole)
    func holds(_ configuration: Configuration) throws {
        let result = try ModelChecker.search(configuration, thorough: true)
        print("\(configuration.testDescription): \(result.states) states")
        #expect(result.brokenPromise == nil)
        #expect(result.complete, "\(result.output.suffix(2_000))")
        #expect(result.states > 1_000)
    }

    static let mutants = [
        Mutant("M_RECORD_FIRST", "cistern", "CHANGES=1 EXISTS FAILURES=1", breaks: [1]),
        Mutant("M_NO_RECORD_CHECK", "cistern", "CHANGES=1 EXISTS", breaks: [1]),
        Mutant("M_SAME_EPOCH", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [1, 2, 8]),
        Mutant("M_LIFE_UNCHECKED", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [1]),
        Mutant(
            "M_ANY_EPOCH", "cistern", "CHANGES=2 EXISTS LIVES=2 CRASHES=1 UNSEEN", breaks: [2], search: ["-DREVERSE"]),
        Mutant("M_FEW_RECORDS", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0 WINDOW=1", breaks: [4]),
        Mutant("M_NO_RECORDS", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [1]),
        Mutant("M_NO_REJECTIONS", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [4]),
        Mutant("M_NO_FROM", "cistern", "CHANGES=2 EXISTS DAEMONS=2 JOIN", breaks: [4]),
        Mutant("M_MERGED_ANY", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [4, 6]),
        Mutant("M_CHECKPOINT_ANY", "cistern", "CHANGES=1 EXISTS", breaks: [4, 6]),
        Mutant("M_TRUST_CACHE", "cistern", "CHANGES=2 EXISTS DAEMONS=2 CRASHES=0", breaks: [3]),
        Mutant("M_NO_FLOOR", "cistern", "CHANGES=2 EXISTS DAEMONS=2", breaks: [3]),
        Mutant("M_DROP_ANY", "cistern", "CHANGES=2 EXISTS LIVES=1 CRASHES=0", breaks: [5]),
        Mutant("M_NEVER_BACK", "cistern", "CHANGES=1 EXISTS LIVES=1 SPLIT", breaks: [8]),
        Mutant("M_304_IGNORED", "cistern", "CHANGES=1 EXISTS LIVES=1", breaks: [8]),
        Mutant("M_404_IGNORED", "cistern", "CHANGES=1 LIVES=1", breaks: [8]),
        Mutant("M_FORGET_DELETED", "cistern", "CHANGES=1 DELETES=1 DUPLICATES=1", breaks: [7]),

        Mutant("M_EPOCH_IN_ENTRY", "preconditions", "", breaks: [1]),
        Mutant("M_NUMBER_ONLY", "preconditions", "", breaks: [2]),

        Mutant("M_GAPS", "sequenced", "CHANGES=3", breaks: [2]),
        Mutant("M_LAST_ONLY", "sequenced", "CHANGES=3", breaks: [1]),
        Mutant("M_NO_CREATION", "sequenced", "LIVES=0 DELETES=1", breaks: [3]),
        Mutant("M_NO_FIRST", "sequenced", "CHANGES=3 LIVES=0 DELETES=1", breaks: [3]),
        Mutant("M_FORGET_DELETED", "sequenced", "LIVES=0 DELETES=1 DUPLICATES=1", breaks: [7]),
        Mutant("M_NO_CLIENT", "sequenced", "", breaks: [1]),
        Mutant("M_FIRST_LOST", "sequenced", "", breaks: [3]),
        Mutant("M_OLD_NAME", "sequenced", "CHANGES=3", breaks: [8]),
        Mutant("M_ONE_BY_ONE", "sequenced", "CHANGES=3", breaks: [3]),
    ]

    @Test("Without any one rule, some run breaks a promise", arguments: mutants)
    func needs(_ mutant: Mutant) throws {
        let result = try ModelChecker.search(mutant.configuration, thorough: false)
        let broken = try #require(result.brokenPromise, "No counterexample: \(result.output.suffix(2_000))")
        #expect(mutant.promises.contains(broken))
    }

    @Test("Every switch in a model's text is one of the mutants")
    func everySwitchIsTried() throws {
        for model in ["cistern", "preconditions", "sequenced"] {
            let url = try #require(Bundle.module.url(forResource: model, withExtension: "pml"))
            let text = try String(contentsOf: url, encoding: .utf8)
            let switches = Set(text.matches(of: /M_[A-Z0-9_]+/).map { String($0.0) })
            let tried = Set(Self.mutants.filter { $0.configuration.model == model }.map(\.rule))
            #expect(switches == tried)
        }
    }
}
