import ChangeLog
import Fold
import Foundation
import TestSupport
import Testing

/// A primary and its replica, and a name under which one of them is found. Neither is ever demoted or started again.
private struct Pair {
    let servers: [TestRedis]

    var name: String { "\(servers[0].folder)/primary.sock" }

    /// From now on connections under the name lead to this one, and there are none to the other.
    func lead(to place: Int) async throws {
        let link = "\(servers[0].folder)/next.sock"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: servers[place].socketPath)
        try #require(unsafe rename(link, name) == 0)
        let other = servers[1 - place]
        try await eventually("nobody is left on the other one") {
            try other.command("CLIENT", "KILL", "TYPE", "normal")
            return try !other.command("CLIENT", "LIST").contains("name=cistern")
        }
    }

    func promote() async throws {
        try await eventually("the replica has everything") {
            try servers[0].command("INFO", "replication").contains("state=online")
                && servers[1].command("DEBUG", "DIGEST") == servers[0].command("DEBUG", "DIGEST")
        }
        try servers[1].command("REPLICAOF", "NO", "ONE")
    }
}

@Suite("A primary that is promoted back before it was made a replica", .timeLimit(.minutes(2)))
struct FailbackTests {
    private func withPair(_ body: @escaping @Sendable (Pair, Store) async throws -> Void) async throws {
        try await withRedis(tcp: true) { first in
            try await withRedis(replicaOf: first) { second in
                let pair = Pair(servers: [first, second])
                try await pair.lead(to: 0)
                try await withStore(first, at: pair.name) { store in
                    try await body(pair, store)
                }
            }
        }
    }

    /// Another daemon.
    private func withAnother(
        _ pair: Pair, _ store: Store, _ body: @escaping @Sendable (Store) async throws -> Void
    ) async throws {
        try await withStore(pair.servers[0], at: pair.name, shelf: store.shelf, body)
    }

    private func epoch(_ store: Store) async throws -> Epoch { try await store.log.head().epoch }

    @Test("Each return begins another epoch, however often; what is there is known, and positions go on from there")
    func returns() async throws {
        try await withPair { pair, store in
            try await store.log.push(change("a"))
            var epochs = [try await epoch(store)]
            try await pair.promote()
            try await pair.lead(to: 1)
            #expect(try await store.log.push(change("b")) == .appended(position: 2))
            epochs.append(try await epoch(store))
            // The same position at the old primary is one of another epoch.
            try await pair.lead(to: 0)
            #expect(
                try await store.log.push([change("a"), change("c")]) == [
                    .known(position: 1, .pending), .appended(position: 2),
                ])
            epochs.append(try await epoch(store))
            for place in [1, 0, 1, 0] {
                try await pair.lead(to: place)
                #expect(try await store.log.push(change(place == 0 ? "c" : "b")) == .known(position: 2, .pending))
                epochs.append(try await epoch(store))
            }
            #expect(Set(epochs).count == 7)
        }
    }

    @Test(
        "A snapshot of the primary in between is not believed by the one that is back, and what it showed is taken in again"
    )
    func snapshot() async throws {
        try await withPair { pair, store in
            var hand = Hand(store)
            try await store.log.push(change("a"))
            try await hand.work()
            try await pair.promote()
            try await pair.lead(to: 1)
            try await store.log.push([change("b", #"{"b":1}"#), change("c", #"{"c":1}"#)])
            try await hand.work()
            try await pair.lead(to: 0)
            #expect(try await store.log.push(change("d", #"{"d":1}"#)) == .appended(position: 2))
            #expect(try await store.log.push(change("b", #"{"b":1}"#)) == .appended(position: 3))
            try await hand.work()
            #expect(hand.text == #"{"a":1,"b":1,"d":1}"#)
        }
    }

    @Test(
        "All who have met the primary in between agree on one epoch, however late they come, and who has not follows them"
    )
    func once() async throws {
        try await withPair { pair, store in
            try await withAnother(pair, store) { late in
                try await withAnother(pair, store) { unaware in
                    try await store.log.push(change("a"))
                    let first = try await epoch(unaware)
                    try await pair.promote()
                    try await pair.lead(to: 1)
                    let between = try await epoch(store)
                    #expect(try await epoch(late) == between)
                    try await pair.lead(to: 0)
                    // Nobody has said anything yet.
                    #expect(try await epoch(unaware) == first)
                    let back = try await epoch(store)
                    #expect(back != first && back != between)
                    for _ in 0..<20 {
                        for store in [late, unaware, store] { #expect(try await epoch(store) == back) }
                    }
                }
            }
        }
    }

    @Test("Many that return at once begin one epoch")
    func atOnce() async throws {
        try await withPair { pair, store in
            try await withAnother(pair, store) { other in
                try await store.log.push(change("a"))
                try await pair.promote()
                try await pair.lead(to: 1)
                let between = [try await epoch(store), try await epoch(other)]
                try await pair.lead(to: 0)
                let epochs = try await withThrowingTaskGroup(of: Epoch.self) { group in
                    for number in 0..<40 {
                        group.addTask { try await epoch(number.isMultiple(of: 2) ? store : other) }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(epochs.count == 1 && epochs.isDisjoint(with: between))
            }
        }
    }

    @Test("Who comes when nobody has met the primary in between finds the epoch as it was")
    func unseen() async throws {
        try await withPair { pair, store in
            try await store.log.push(change("a"))
            let first = try await epoch(store)
            try await pair.promote()
            try await pair.lead(to: 1)
            try await pair.lead(to: 0)
            #expect(try await epoch(store) == first)
        }
    }

    @Test("Of former generations the last ones are kept")
    func bounded() async throws {
        try await withPair { pair, store in
            try await store.log.push(change("a"))
            for number in 0..<100 {
                try store.redis.command("HSET", store.key("server"), "life", "another \(number) life")
                _ = try await epoch(store)
            }
            #expect(try store.redis.command("HGET", store.key("server"), "former").split(separator: " ").count == 32)
        }
    }
}
