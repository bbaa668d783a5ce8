import ChangeLog
import Documents
import Fold
import NIOCore
import NIOPosix
import Redis
import TestSupport
import Testing

@Suite("Group commit when something is in the way", .timeLimit(.minutes(2)))
struct GroupCommitFaultTests {
    private func numbered(_ numbers: ClosedRange<Int>) throws -> [Change] { try numbers.map { try change("k~\($0)") } }

    private func appended(_ positions: ClosedRange<UInt64>) -> [AppendOutcome] {
        positions.map { .appended(position: $0) }
    }

    @Test("A script that Redis has forgotten is loaded again, and the order is kept")
    func unknownScript() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            #expect(try await commits.outcomes(numbered(1...10)) == appended(1...10))
            try store.redis.command("SCRIPT", "FLUSH")
            #expect(try await commits.outcomes(numbered(11...30)) == appended(11...30))
            try store.redis.command("CONFIG", "RESETSTAT")
            #expect(try await commits.outcomes(numbered(31...31)) == appended(31...31))
            #expect(try store.calls("script|load") == 0)
        }
    }

    @Test("While one call takes the long way, what is given behind it waits, so that numbers stay in order")
    func orderOnTheLongWay() async throws {
        try await withStore { (store: Store) async throws in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let commits = store.commits()
            _ = try await commits.inOneTurn([(try change("first"), board)], on: loop)
            try store.redis.command("SCRIPT", "FLUSH")
            let outcomes = try await commits.inTurns(numbered(1...100), on: loop)
            #expect(outcomes == appended(2...101))
        }
    }

    @Test("A partition that knows another life recovers, its applications adopt, and the changes are taken")
    func staleLife() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            #expect(try await commits.outcomes(numbered(1...5)) == appended(1...5))
            let before = try await store.log.head().epoch
            try store.redis.command("HSET", store.key("server"), "life", "x y z")
            #expect(try await commits.outcomes(numbered(6...9)) == appended(6...9))
            let after = try await store.log.head().epoch
            #expect(before != after)
            let answers = try await commits.inOneTurn([(try change("k~10"), board)])
            #expect(try answers.first?.result.get() == AppendedChange(epoch: after, outcome: .appended(position: 10)))
        }
    }

    @Test("An application of another generation is adopted, with what its snapshot knows")
    func adoption() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            #expect(try await commits.outcomes([change("a"), change("b", #"{"b":2}"#)]) == appended(1...2))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await commits.outcomes([change("c", #"{"c":3}"#)]) == appended(3...3))
            try await hand.fold()
            try hand.shelve()
            // The end of the log is lost, and with it the third change's record.
            try store.redis.command("RPOP", store.key("log", "board"))
            try store.redis.command("DEL", store.key("change", "board:c"))
            let length = try store.redis.command("LRANGE", store.key("log", "board"), "0", "-1").utf8.count - 1
            try store.redis.command(
                "HSET", store.key("app", "board"), "tail", "2", "tailbytes", "\(length)", "last", "b")
            try store.redis.command("HSET", store.key("server"), "life", "x y z")
            let outcomes = try await commits.outcomes([change("c", #"{"c":3}"#), change("d")])
            #expect(outcomes == [.known(position: 3, .applied), .appended(position: 4)])
        }
    }

    @Test("After a restart the same ids give the same positions")
    func restart() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            let changes = try (1...20).map { try change("c-\($0)") }
            #expect(try await commits.outcomes(changes) == appended(1...20))
            try await store.redis.restart()
            let again = try await insisting { () throws(LogError) in
                try await commits.append(changes[6], to: board)
            }
            #expect(again.outcome == .known(position: 7, .pending))
        }
    }

    @Test(
        "A connection that is lost with calls in flight leaves every change of them unknown; sent again, each is there once"
    )
    func lostInFlight() async throws {
        try await withStore { (store: Store) async throws in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let commits = store.commits()
            _ = try await commits.inOneTurn([(try change("first"), board)], on: loop)
            store.redis.pause()
            let changes = try (1...50).map { (try change("c-\($0)"), board) }
            let answers = Task { try await commits.inOneTurn(changes, on: loop) }
            let connection = try await loop.submit { store.client.readyConnection() }.get()
            try await eventually("the call is in flight") { try await isSent(on: loop) }
            connection?.close()
            for (index, result) in try await answers.value {
                guard case .failure(.outcomeUnknown) = result else {
                    Issue.record("change \(index): \(result)")
                    continue
                }
            }
            store.redis.resume()
            for (change, _) in changes {
                let again = try await insisting { () throws(LogError) in try await commits.append(change, to: board) }
                switch again.outcome {
                case .appended, .known: break
                case .refused: Issue.record("\(change.id) was refused: \(again.outcome)")
                }
            }
            #expect(try await store.log.head().tail == 51)
        }
    }

    /// Two turns of the loop later whatever was gathered has been sent.
    private func isSent(on loop: any EventLoop) async throws -> Bool {
        for _ in 0..<3 { try await loop.submit {}.get() }
        return true
    }

    @Test("With Redis away nothing was sent, and what comes once it is back is taken")
    func away() async throws {
        try await withRedis { redis in
            try await withStore(redis) { (store: Store) async throws in
                let commits = store.commits()
                #expect(try await commits.outcomes(numbered(1...3)) == appended(1...3))
                redis.kill()
                try await eventually("the connections are gone") { store.client.readyConnection() == nil }
                let waiting = Task { try await commits.outcomes(numbered(4...6)) }
                try await redis.launch()
                // Callers wait for a connection; these were given before there was one.
                #expect(try await waiting.value == appended(4...6))
            }
        }
    }

    @Test("A key of another type fails the changes of its own application, and of no other")
    func wrongType() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            let commits = store.commits()
            try await store.log.push(change("x"), to: id("other"))
            try store.redis.command("SET", store.key("log", "board"), "not ours")
            let answers = try await commits.inOneTurn([
                (try change("a"), board), (try change("b"), id("other")), (try change("c"), board),
            ])
            for (index, result) in answers {
                switch result {
                case .success(let appended): #expect(index == 1 && appended.outcome == .appended(position: 2))
                case .failure(.failed): #expect(index != 1)
                case .failure(let error): Issue.record("change \(index): \(error)")
                }
            }
        }
    }

    @Test("A list that is not what was written fails the changes as damaged")
    func damaged() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            #expect(try await commits.outcomes([change("a"), change("b")]) == appended(1...2))
            try store.redis.command("RPOP", store.key("log", "board"))
            let answers = try await commits.inOneTurn([(try change("c"), board)])
            guard case .failure(.damaged("board", _))? = answers.first?.result else {
                Issue.record("\(answers)")
                return
            }
        }
    }

    @Test("A full backlog refuses what is new and no repeats")
    func backlog() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits(store.log { $0.backlogChanges = 3 })
            #expect(
                try await commits.outcomes([change("a"), change("b"), change("c"), change("d"), change("a")]) == [
                    .appended(position: 1), .appended(position: 2), .appended(position: 3), .refused(.backlogFull),
                    .known(position: 1, .pending),
                ])
        }
    }
}
