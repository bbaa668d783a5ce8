import ChangeLog
import Fold
import Redis
import TestSupport
import Testing

@Suite("Changes of the Redis life", .timeLimit(.minutes(2)))
struct LifeTests {
    @Test("A restart without loss begins another epoch in which everything is known; nothing is lost or doubled")
    func restart() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("c~1"), impossible("b")])
            var hand = Hand(store)
            try await hand.work(checkpoint: true)
            try await store.log.push([change("d", #"{"d":4}"#), change("c~2", #"{"c":2}"#)])
            let before = try await store.log.head()
            for stop in [store.redis.stop, store.redis.kill] {
                let epoch = try await store.log.head().epoch
                stop()
                try await store.redis.launch()
                #expect(try await store.log.push(change("d", #"{"d":4}"#)) == .known(position: 4, .pending))
                #expect(try await store.log.push(change("c~2", #"{"c":2}"#)) == .known(position: 5, .pending))
                #expect(try await store.log.head().epoch != epoch)
            }
            let after = try await store.log.head()
            #expect(after.base == 3 && after.tail == 5 && after.merged == 3 && after.version == 2)
            #expect(after.logBytes == before.logBytes && after.stateBytes == before.stateBytes)
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            #expect(try await store.log.push(impossible("b")) == .known(position: 3, .rejected(rejection)))
            #expect(try await hand.merge() == .stale)
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"c":2,"d":4}"#)
            #expect(try await store.log.push(change("e")) == .appended(position: 6))
        }
    }

    @Test("A condition from before a restart is settled: the change that was applied stays applied")
    func conditionAcrossRestart() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let version = VersionToken(epoch: try await store.log.head().epoch, number: 1)
            try await store.log.push(change("b", #"{"b":2}"#, if: .version(version)))
            var hand = Hand(store)
            try await hand.work()
            try await store.redis.restart()
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"b":2}"#)
            #expect(try await store.log.push(change("c", "{}", if: .version(version))) == .appended(position: 3))
            try await hand.work()
            #expect(
                try await store.log.push(change("c", "{}", if: .version(version)))
                    == .known(position: 3, .rejected(Rejection(.preconditionFailed))))
        }
    }

    @Test("Scripts that Redis has forgotten are loaded again")
    func scriptFlush() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let epoch = try await store.log.head().epoch
            try store.redis.command("SCRIPT", "FLUSH")
            #expect(try await store.log.push(change("b")) == .appended(position: 2))
            #expect(try await store.log.head().epoch == epoch)
        }
    }

    @Test("A first replica that attaches changes no epoch, on old and on new connections")
    func firstReplica() async throws {
        try await withStore(tcp: true) { (store: Store) async throws in
            try await store.log.push(change("a"))
            let epoch = try await store.log.head().epoch
            func replicationID() throws -> String? {
                try store.redis.command("INFO", "replication").split(separator: "\r\n").first {
                    $0.hasPrefix("master_replid:")
                }
                .map(String.init)
            }
            let before = try replicationID()
            try await withRedis(replicaOf: store.redis) { replica in
                try await eventually("the replica has the change") {
                    try replica.command("EXISTS", store.key("app", "board")) == "1"
                }
                #expect(try replicationID() != before)
                try await withStore(store.redis) { (newcomer: Store) async throws in
                    #expect(try await newcomer.log.push(change("b")) == .appended(position: 2))
                    for _ in 0..<20 {
                        #expect(try await store.log.head().epoch == epoch)
                        #expect(try await newcomer.log.head().epoch == epoch)
                    }
                }
            }
        }
    }

    @Test("A promoted replica begins another epoch, and has what it had received")
    func promotion() async throws {
        try await withStore(tcp: true) { (store: Store) async throws in
            try await store.log.push([change("a"), change("c~1")])
            let epoch = try await store.log.head().epoch
            try await withRedis(replicaOf: store.redis) { replica in
                try await eventually("the replica has both changes") {
                    try replica.command("LLEN", store.key("log", "board")) == "2"
                }
                store.redis.kill()
                try replica.command("REPLICAOF", "NO", "ONE")
                try await withStore(replica, shelf: store.shelf) { (promoted: Store) async throws in
                    #expect(try await promoted.log.head().epoch != epoch)
                    #expect(try await promoted.log.push(change("a")) == .known(position: 1, .pending))
                    #expect(try await promoted.log.push(change("c~2")) == .appended(position: 3))
                }
            }
        }
    }

    @Test("A connection that is made to a life of its own is refused by the scripts until it has looked again")
    func staleLife() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let epoch = try await store.log.head().epoch
            // Somebody else has met another Redis life in the meantime, as after a promotion that this connection has survived.
            try store.redis.command("HSET", store.key("server"), "life", "another run id", "generation", "other")
            #expect(try await store.log.push(change("b")) == .appended(position: 2))
            #expect(try await store.log.head().epoch != epoch)
            #expect(try store.redis.command("HGET", store.key("server"), "life") != "another run id")
            #expect(try await store.log.push(change("a")) == .known(position: 1, .pending))
        }
    }

    @Test("Each partition recovers for itself, and leases go on after a restart")
    func partitionsRecover() async throws {
        try await withStore { (store: Store) async throws in
            #expect(try await store.log.lease(Partition(number: 0), to: "d", for: .seconds(60)) == .held(fence: 1))
            try await store.redis.restart()
            let answer = try await insisting { () throws(LogError) in
                try await store.log.lease(Partition(number: 0), to: "d", for: .seconds(60))
            }
            #expect(answer == .held(fence: 1))
            let generations = try (0..<4).map { try store.redis.command("HGET", "{c0\($0)}:server", "generation") }
            #expect(!generations[0].isEmpty && generations[1...].allSatisfy(\.isEmpty))
        }
    }
}
