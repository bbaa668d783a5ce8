import ChangeLog
import Documents
import Fold
import NIOCore
import NIOPosix
import Redis
import Synchronization
import TestSupport
import Testing

/// What was answered, in the order in which it was.
typealias Answered = (index: Int, result: Result<AppendedChange, LogError>)

extension Store {
    func commits(
        _ log: ChangeLog? = nil, limits: GroupCommitLimits = GroupCommitLimits()
    ) -> GroupCommits {
        GroupCommits(log: log ?? self.log, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, limits: limits)
    }

    /// How often a command was called since `CONFIG RESETSTAT`.
    func calls(_ command: String) throws -> Int {
        let line = try redis.command("INFO", "commandstats").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("cmdstat_\(command):") }
        return line.flatMap { $0.split(separator: "=").dropFirst().first?.split(separator: ",").first }.flatMap {
            Int($0)
        } ?? 0
    }
}

extension GroupCommits {
    /// Gives all the changes in one turn of one event loop.
    ///
    /// - Returns: the answers in the order in which they came, each with the index of its change.
    func inOneTurn(
        _ changes: [(Change, ApplicationID)], on eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) async throws -> [Answered] {
        let promise = eventLoop.makePromise(of: [Answered].self)
        eventLoop.execute {
            guard let commit = self.on(eventLoop) else { return promise.succeed([]) }
            var answers: [Answered] = []
            var isGiven = false
            for (index, (change, application)) in changes.enumerated() {
                commit.append(change, to: application) { result in
                    if !isGiven {
                        promise.fail(TestSupportError("change \(index) was answered before its call returned"))
                    }
                    answers.append((index, result))
                    if answers.count == changes.count { promise.succeed(answers) }
                }
            }
            isGiven = true
            if changes.isEmpty { promise.succeed([]) }
        }
        return try await promise.futureResult.get()
    }

    /// Gives each change to one application behind the end of the turn of the one before; then calls `given`.
    ///
    /// - Returns: the outcomes in the order of the changes.
    func inTurns(
        _ changes: [Change], on eventLoop: any EventLoop, given: @escaping @Sendable () -> Void = {}
    ) async throws -> [AppendOutcome] {
        let promise = eventLoop.makePromise(of: [Answered].self)
        eventLoop.execute {
            guard let commit = self.on(eventLoop) else { return promise.succeed([]) }
            var answers: [Answered] = []
            func give(_ index: Int) {
                guard index < changes.count else { return given() }
                commit.append(changes[index], to: board) { result in
                    answers.append((index, result))
                    if answers.count == changes.count { promise.succeed(answers) }
                }
                // Behind the flush that is scheduled now.
                eventLoop.assumeIsolated().execute { give(index + 1) }
            }
            give(0)
        }
        return try await promise.futureResult.get().sorted { $0.index < $1.index }.map { try $0.result.get().outcome }
    }

    /// As `inOneTurn`, for one application; the outcomes in the order of the changes.
    func outcomes(_ changes: [Change], to application: ApplicationID = board) async throws -> [AppendOutcome] {
        try await inOneTurn(changes.map { ($0, application) }).sorted { $0.index < $1.index }
            .map { try $0.result.get().outcome }
    }
}

@Suite("Group commit", .timeLimit(.minutes(2)))
struct GroupCommitTests {
    @Test("All changes of a turn go in one call per application, and are answered in their order")
    func oneCall() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            let applications = (0..<10).map { id("app-\($0)") }
            // The first call loads the script; all event loops then know it.
            for application in applications { try await store.log.push(change("first"), to: application) }
            try store.redis.command("CONFIG", "RESETSTAT")
            let changes = try (0..<200).map { (try change("c-\($0)"), applications[$0 % 10]) }
            let answers = try await commits.inOneTurn(changes)
            #expect(try store.calls("evalsha") == 10)
            for application in 0..<10 {
                let mine = answers.filter { $0.index % 10 == application }
                #expect(mine.map(\.index) == mine.map(\.index).sorted())
                let outcomes = try mine.map { try $0.result.get().outcome }
                #expect(outcomes == (2...21).map { .appended(position: $0) })
                let epoch = try await store.log.head(of: applications[application]).epoch
                #expect(try mine.allSatisfy { try $0.result.get().epoch == epoch })
            }
        }
    }

    @Test("Ids of every form, repeats and mismatches in one turn are each judged for themselves")
    func mixed() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            try await store.log.push([change("old"), change("k~1")])
            let uuid = "01890000-0000-7000-8000-000000000001"
            let outcomes = try await commits.outcomes([
                change("a"), change("k~2"), change("a"), change("k~4"), change("old"), change("k~3"), change(uuid),
                change("a", "{}"), change("k~2"), change("b~tail"), change("k~1"), change("z~2"), change("z~1"),
            ])
            #expect(
                outcomes == [
                    .appended(position: 3), .appended(position: 4), .known(position: 3, .pending),
                    .refused(.outOfOrder(expected: 3)), .known(position: 1, .pending), .appended(position: 5),
                    .refused(.tooOld), .refused(.mismatch(position: 3)), .known(position: 4, .pending),
                    .appended(position: 6), .known(position: 5, .pending), .refused(.clientUnknown),
                    .appended(position: 7),
                ])
        }
    }

    @Test("What is given while a call is in flight gathers and follows in one call behind it")
    func gathers() async throws {
        try await withStore { (store: Store) async throws in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let commits = store.commits()
            _ = try await commits.inOneTurn([(try change("first"), board)], on: loop)
            try store.redis.command("CONFIG", "RESETSTAT")
            store.redis.pause()
            let answers = try await commits.inTurns((1...20).map { try change("k~\($0)") }, on: loop) {
                store.redis.resume()
            }
            #expect(answers == (2...21).map { .appended(position: $0) })
            #expect(try store.calls("evalsha") == 2)
        }
    }

    @Test("More than fits into one call goes in several, in order")
    func severalCalls() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("first"))
            var limits = GroupCommitLimits()
            limits.changesPerCall = 7
            let commits = store.commits(limits: limits)
            try store.redis.command("CONFIG", "RESETSTAT")
            #expect(
                try await commits.outcomes((1...50).map { try change("k~\($0)") })
                    == (2...51).map { .appended(position: $0) })
            #expect(try store.calls("evalsha") == 8)
            limits.changesPerCall = 1_000
            limits.bytesPerCall = 10_000
            let small = store.commits(limits: limits)
            try store.redis.command("CONFIG", "RESETSTAT")
            let large = #"{"a":"\#(String(repeating: "x", count: 4_000))"}"#
            let larger = #"{"a":"\#(String(repeating: "x", count: 20_000))"}"#
            #expect(
                try await small.outcomes((51...60).map { try change("k~\($0)", $0 == 55 ? larger : large) })
                    == (52...61).map { .appended(position: $0) })
            // Two by two, and the one that is too large for any call alone.
            #expect(try store.calls("evalsha") == 6)
        }
    }

    @Test(
        "What is gathered and in flight is bounded; beyond it nothing is sent, and everything is free again in the end")
    func bounds() async throws {
        try await withStore { (store: Store) async throws in
            var limits = GroupCommitLimits()
            limits.changes = 10
            let commits = store.commits(limits: limits)
            let address = store.client.configuration.address
            for round in 0..<2 {
                let changes = try (0..<15).map { (try change("c\(round)-\($0)"), board) }
                for (index, result) in try await commits.inOneTurn(changes) {
                    let isRefused = result == .failure(.unavailable(.tooManyInFlight(address, limit: 10)))
                    #expect(isRefused == (index >= 10))
                }
            }
            #expect(try await store.log.head().tail == 20)
            limits.changes = 1_000
            limits.bytes = 10_000
            let small = store.commits(limits: limits)
            let large = #"{"a":"\#(String(repeating: "x", count: 4_000))"}"#
            for round in 2..<4 {
                let changes = try (0..<4).map { (try change("c\(round)-\($0)", large), board) }
                let refused = try await small.inOneTurn(changes).filter {
                    $0.result == .failure(.unavailable(.tooManyInFlight(address, limit: 10_000)))
                }
                #expect(refused.map(\.index).sorted() == [2, 3])
            }
            #expect(try await store.log.head().tail == 24)
        }
    }

    @Test("Callers on any thread are served, at once if nothing else is going on")
    func anyThread() async throws {
        try await withStore { (store: Store) async throws in
            let commits = store.commits()
            let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                for n in 0..<500 {
                    group.addTask { try await commits.append(change("c-\(n)"), to: board).outcome }
                }
                return try await group.reduce(into: Set<AppendOutcome>()) { $0.insert($1) }
            }
            #expect(outcomes == Set((1...500).map { .appended(position: $0) }))
            #expect(try await commits.append(change("c-7"), to: board).outcome != .refused(.deleted))
            #expect(try await store.log.head().tail == 500)
        }
    }
}
