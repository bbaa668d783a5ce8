import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@Suite("Group commit and single appends", .timeLimit(.minutes(2)))
struct GroupCommitPropertyTests {
    private static func uuid(_ milliseconds: UInt64, _ tail: Int) -> String {
        let time =
            String(repeating: "0", count: 12 - String(milliseconds, radix: 16).count) + String(milliseconds, radix: 16)
        return "\(time.prefix(8))-\(time.suffix(4))-7000-8000-00000000000\(tail)"
    }

    /// Few ids, so that there are repeats; few bodies, so that some repeats are other changes.
    private static func randomChange(_ random: inout SeededNumbers, now: UInt64) throws -> Change {
        let id =
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3: "plain-\(Int.random(in: 0..<30, using: &random))"
            case 3..<8: "k\(Int.random(in: 0..<3, using: &random))~\(Int.random(in: 1...12, using: &random))"
            case 8: uuid(now - 1_000, Int.random(in: 0..<6, using: &random))
            default: uuid(Bool.random(using: &random) ? now - 200_000_000 : now + 100_000_000, 1)
            }
        let precondition: Precondition =
            switch Int.random(in: 0..<8, using: &random) {
            case 0: .somethingApplied
            case 1: .nothingApplied
            case 2: Epoch("other").map { .version(VersionToken(epoch: $0, number: 3)) } ?? .none
            default: .none
            }
        // The same for the same id most of the time.
        let seldom = Int.random(in: 0..<12, using: &random) == 0
        return seldom ? try change(id, #"{"b":2}"#, if: precondition) : try change(id)
    }

    /// What Redis has for an application, but for times and creation, which no two applications share.
    private struct Contents: Equatable {
        var entries: [String] = []
        var records: [String: String] = [:]
        var merged: UInt64
        var counted: UInt64
    }

    private func contents(_ store: Store, _ log: ChangeLog, of application: ApplicationID) async throws -> Contents {
        let partition = log.partition(of: application)
        var contents = Contents(
            merged: try await log.look(at: application)?.merged ?? 0,
            counted: UInt64(try await log.repeatRecords(in: partition)))
        for element in try await log.read(application, after: nil)?.entries ?? [] {
            let entry = try #require(LogEntry(element))
            contents.entries.append(
                "\(entry.id) \(entry.kind.code) \(entry.condition) \(entry.digest) \(String(decoding: entry.body, as: UTF8.self))"
            )
        }
        let prefix = "{\(partition)}:"
        func keep(_ kind: String, _ name: some StringProtocol, _ value: some StringProtocol) {
            contents.records["\(kind) \(name)"] = value.split(separator: " ").dropFirst().joined(separator: " ")
        }
        let clients = "\(prefix)client:\(application):"
        for key in try store.redis.command("KEYS", "\(clients)*").split(separator: "\n") {
            keep("client", key.dropFirst(clients.count), try store.redis.command("GET", String(key)))
        }
        for key in try store.redis.command("KEYS", "\(prefix)changes:\(application):*").split(separator: "\n") {
            let fields = try store.redis.command("HGETALL", String(key)).split(separator: "\n")
            for index in stride(from: 0, to: fields.count - 1, by: 2) {
                keep("change", fields[index], fields[index + 1])
            }
        }
        #expect(contents.records.keys.contains { $0.hasPrefix("change ") })
        return contents
    }

    @Test(
        "A random sequence given one by one and in groups gives the same outcomes, log and records", arguments: 1...12)
    func sameAsSingle(_ seed: UInt64) async throws {
        try await withStore(partitions: 4) { (store: Store) async throws in
            var random = SeededNumbers(seed: seed)
            let log = store.log {
                $0.backlogChanges = 40
                $0.repeatRecords = 20
            }
            let single = id("single")
            // In another partition, because partitions count their records.
            let grouped = try #require(
                (0..<100).lazy.map { id("grouped-\($0)") }.first { log.partition(of: $0) != log.partition(of: single) })
            let commits = store.commits(log)
            let now =
                try #require(
                    try store.redis.command("TIME").split(separator: "\n").compactMap { UInt64($0) }.first) * 1_000
            var hands = [Hand(store, single), Hand(store, grouped)]
            for _ in 0..<12 {
                let group = try (0..<Int.random(in: 1...25, using: &random)).map { _ in
                    try Self.randomChange(&random, now: now)
                }
                var expected: [AppendOutcome] = []
                for change in group { expected += try await log.push([change], to: single) }
                #expect(try await commits.outcomes(group, to: grouped) == expected, "seed \(seed)")
                if Int.random(in: 0..<4, using: &random) == 0, try await log.look(at: single) != nil {
                    for index in hands.indices { try await hands[index].work() }
                }
            }
            let (one, other) = (
                try await contents(store, log, of: single), try await contents(store, log, of: grouped)
            )
            #expect(one == other, "seed \(seed)")
            #expect(!one.records.isEmpty)
        }
    }
}
