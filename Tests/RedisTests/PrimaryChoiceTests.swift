import Testing

@testable import Redis

/// Whom the answers of sentinels and listed servers lead to.
struct PrimaryChoiceTests {
    private static func host(_ name: String, _ port: Int = 6379) -> RedisEndpoint {
        RedisEndpoint(host: name, port: port)
    }
    private let places = [host("s1"), host("s2"), host("s3")]
    private let a = host("a")
    private let b = host("b")
    private let c = host("c")
    private static let none = String(repeating: "0", count: 40)

    private func server(
        _ role: RedisServerIdentity.Role, _ id: String, from second: String = none
    ) -> PrimaryChoice.Sighting {
        .server(
            RedisServerIdentity(version: "7", role: role, runID: "run", masterReplID: id, masterReplID2: second))
    }

    /// In order of the places, nil for one that is not heard of.
    private func see(_ choice: inout PrimaryChoice, _ sightings: [PrimaryChoice.Sighting?]) {
        for (place, sighting) in sightings.enumerated() {
            if let sighting { _ = choice.saw(sighting, at: place) }
        }
    }

    @Test("Nothing is decided before everybody was asked once; one that is silent has been asked")
    func everybody() {
        var choice = PrimaryChoice(asking: places)
        var decided = choice.saw(.names(a, configEpoch: 1), at: 0)
        #expect(!decided)
        decided = choice.saw(.names(a, configEpoch: 1), at: 1)
        #expect(!decided && choice.decision == .undecided)
        decided = choice.saw(.nothing(reason: "away"), at: 2)
        #expect(decided && choice.decision == .primary(a))
        let again = choice.saw(.names(a, configEpoch: 1), at: 2)
        #expect(!again)
    }

    @Test("Of sentinels that disagree the one with the latest election is believed")
    func latest() {
        var choice = PrimaryChoice(asking: places)
        see(&choice, [.names(a, configEpoch: 4), .names(b, configEpoch: 5), .names(a, configEpoch: 4)])
        #expect(choice.decision == .primary(b))
    }

    @Test("A sentinel that missed an election leads nobody back when those who know of it are silent")
    func stale() {
        var choice = PrimaryChoice(asking: places)
        let missed = PrimaryChoice.Sighting.names(a, configEpoch: 4)
        see(&choice, [missed, .names(b, configEpoch: 5), missed])
        see(&choice, [missed, .nothing(reason: "away"), missed])
        #expect(choice.decision == .primary(b))
        see(&choice, [nil, .names(c, configEpoch: 6), nil])
        #expect(choice.decision == .primary(c))
    }

    @Test("Sentinels that were all set up anew are believed again")
    func anew() {
        var choice = PrimaryChoice(asking: places)
        see(&choice, places.map { _ in .names(b, configEpoch: 5) })
        see(&choice, places.map { _ in .names(a, configEpoch: 0) })
        #expect(choice.decision == .primary(a))
    }

    @Test("If none answers, the reasons of all are given")
    func nobody() {
        var choice = PrimaryChoice(asking: places)
        see(&choice, places.map { .nothing(reason: "why \($0.host)") })
        #expect(choice.decision == .nobody(reason: "s1:6379: why s1; s2:6379: why s2; s3:6379: why s3"))
    }

    @Test("Of a list the one that is a primary is taken, and the next one when it is promoted")
    func list() {
        var choice = PrimaryChoice(asking: places)
        see(&choice, [server(.replica, "x"), server(.primary, "x"), .nothing(reason: "away")])
        #expect(choice.decision == .primary(places[1]))
        see(&choice, [server(.replica, "x"), .nothing(reason: "away")])
        #expect(choice.decision == .nobody(reason: "s1:6379: it is a replica; s2:6379: away; s3:6379: away"))
        see(&choice, [server(.primary, "y", from: "x")])
        #expect(choice.decision == .primary(places[0]))
    }

    @Test("Of two primaries the one counts that was promoted from the other's data, whoever wakes up last")
    func promotedOver() {
        var choice = PrimaryChoice(asking: places)
        let old = server(.primary, "x")
        let new = server(.primary, "y", from: "x")
        let away = PrimaryChoice.Sighting.nothing(reason: "away")
        see(&choice, [old, server(.replica, "x"), away])
        #expect(choice.decision == .primary(places[0]))
        see(&choice, [away, new])
        #expect(choice.decision == .primary(places[1]))
        see(&choice, [old])
        #expect(choice.decision == .primary(places[1]))
        let reason = "only a primary answers that another one was promoted over (s1:6379)"
        see(&choice, [old, away])
        #expect(choice.decision == .nobody(reason: reason))
    }

    @Test("Of two primaries that know nothing of each other neither is taken")
    func strangers() {
        var choice = PrimaryChoice(asking: places)
        see(&choice, [server(.primary, "x"), server(.primary, "y"), server(.replica, "x")])
        let reason = "several servers are primaries, and none was promoted from the others (s1:6379, s2:6379)"
        #expect(choice.decision == .nobody(reason: reason))
    }

    @Test("What a sentinel says is read; what lacks a host, a port or an election is refused")
    func reading() throws {
        func reply(_ fields: [String]) -> RESPValue { .array(fields.map { .bulk(Array($0.utf8)) }) }
        let whole = ["name", "ip", "ip", "10.0.0.7", "port", "6380", "config-epoch", "12"]
        let sighting = try PrimaryChoice.Sighting(sentinel: reply(whole))
        #expect(sighting == .names(RedisEndpoint(host: "10.0.0.7", port: 6380), configEpoch: 12))
        for count in 0..<whole.count {
            #expect(throws: RedisError.self) { try PrimaryChoice.Sighting(sentinel: reply(Array(whole.prefix(count)))) }
        }
        #expect(throws: RedisError.self) {
            try PrimaryChoice.Sighting(sentinel: reply(["ip", "a", "port", "70000", "config-epoch", "1"]))
        }
        #expect(throws: RedisError.self) { try PrimaryChoice.Sighting(sentinel: .null) }
    }
}

/// Who shares which WAIT.
struct ReplicaWaitersTests {
    @Test("Those of one turn share a WAIT, those who come meanwhile share the next one")
    func shared() {
        var waiters = ReplicaWaiters<Int>()
        var calls = [waiters.join(1), waiters.join(2)]
        waiters.send()
        calls += [waiters.join(3), waiters.join(4)]
        #expect(calls == [true, false, false, false])
        var answer = waiters.answered()
        #expect(answer.waiters == [1, 2] && answer.sendAgain)
        waiters.send()
        answer = waiters.answered()
        #expect(answer.waiters == [3, 4] && !answer.sendAgain)
        let sends = waiters.join(5)
        #expect(sends)
    }

    @Test("A limit is sent in milliseconds, and never as 0, which would be for ever")
    func limit() {
        #expect(ReplicaWait(replicas: 2, limit: .milliseconds(1_500)).command == RedisCommand("WAIT", 2, 1_500))
        #expect(ReplicaWait(replicas: 1, limit: .microseconds(10)).command == RedisCommand("WAIT", 1, 1))
    }
}
