import ChangeLog
import Fold
import Redis
import TestSupport
import Testing

@Suite("Keys that somebody else wrote to", .timeLimit(.minutes(2)))
struct DamageTests {
    private func failure(_ operation: () async throws(LogError) -> Void) async -> LogError? {
        do throws(LogError) {
            try await operation()
            return nil
        } catch {
            return error
        }
    }

    private func isRefused(_ error: LogError?) -> Bool {
        if case .failed = error { true } else { false }
    }

    @Test(
        "A key of another type fails its own application's operations, nothing is half done, and others go on",
        arguments: ["app", "log"])
    func wrongType(_ kind: String) async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            try await store.log.push(change("x"), to: id("other"))
            try store.redis.command("SET", store.key(kind, "board"), "not ours")
            let error = await failure { () throws(LogError) in
                let change: Change
                do { change = try ChangeLogTests.change("a") } catch { return }
                _ = try await store.log.append([change], to: board, allOrNone: false)
            }
            #expect(isRefused(error))
            #expect(try store.redis.command("EXISTS", store.key("change", "board:a")) == "0")
            #expect(try await store.log.push(change("y"), to: id("other")) == .appended(position: 2))
            var hand = Hand(store, id("other"))
            try await hand.work(checkpoint: true)
            try store.redis.command("DEL", store.key(kind, "board"))
            #expect(try await store.log.push(change("a")) == .appended(position: 1))
        }
    }

    @Test(
        "A record that makes no sense, or is of another type, counts as none and is replaced", arguments: [true, false])
    func nonsenseRecord(_ isText: Bool) async throws {
        try await withStore { (store: Store) async throws in
            let command = isText ? "SET" : "RPUSH"
            try store.redis.command(command, store.key("change", "board:a"), "what is this")
            try store.redis.command(command, store.key("client", "board:c"), "")
            #expect(
                try await store.log.push([change("a"), change("c~1")]) == [
                    .appended(position: 1), .appended(position: 2),
                ])
            #expect(try await store.log.push(change("a")) == .known(position: 1, .pending))
        }
    }

    @Test("Garbage in the list takes its place and is rejected, and what stands behind it is folded")
    func garbageEntry() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b", #"{"b":2}"#), change("c", #"{"c":3}"#)])
            try store.redis.command("LSET", store.key("log", "board"), "1", "\u{0}garbage\r\n")
            var hand = Hand(store)
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"c":3}"#)
            #expect(hand.replica.state?.position == 3)
            #expect(
                hand.replica.state?.records.elements[1]
                    == ChangeRecord(
                        id: nil, digest: try #require(ChangeDigest(String(repeating: "0", count: 32))),
                        rejection: Rejection(.unreadableEntry)))
        }
    }

    @Test(
        "What somebody pushed behind the changes takes a position like a change, and changes go on behind it",
        arguments: [true, false])
    func strangers(_ isRead: Bool) async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b", #"{"b":2}"#)])
            for round in 1...2 {
                try store.redis.command("RPUSH", store.key("log", "board"), "garbage", "more \(round)")
                if isRead {
                    #expect(try #require(try await store.log.read(board, after: nil)).tail == UInt64(3 * round + 1))
                }
                let position = UInt64(3 * round + 2)
                #expect(
                    try await store.log.push(change("c\(round)", "{\"c\":\(round)}")) == .appended(position: position))
            }
            var hand = Hand(store)
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"b":2,"c":2}"#)
            #expect(try await store.log.head().logBytes == 0)
            try store.redis.command("LPUSH", store.key("log", "board"), "into an empty list")
            #expect(try await store.log.push(change("d", #"{"d":4}"#)) == .appended(position: 10))
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"b":2,"c":2,"d":4}"#)
        }
    }

    @Test(
        "A list whose length nothing explains is neither read nor written",
        arguments: ["in front", "less", "after another"])
    func wrongLength(_ how: String) async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b")])
            let log = store.key("log", "board")
            switch how {
            case "in front": try store.redis.command("LPUSH", log, "smuggled in")
            case "less": try store.redis.command("RPOP", log)
            default:
                try store.redis.command("LSET", log, "1", "x")
                try store.redis.command("RPUSH", log, "y")
            }
            let change = try change("c")
            let refused = await failure { () throws(LogError) in
                _ = try await store.log.append([change], to: board, allOrNone: false)
            }
            guard case .damaged("board", _) = refused else {
                Issue.record("the append gave \(String(describing: refused))")
                return
            }
            let error = await failure { () throws(LogError) in _ = try await store.log.read(board, after: nil) }
            guard case .damaged("board", _) = error else {
                Issue.record("the read gave \(String(describing: error))")
                return
            }
            #expect(try await store.log.delete(board) == .deleted)
        }
    }

    @Test(
        "A checkpoint that was altered, lost or put there from elsewhere is not believed",
        arguments: ["alter", "lose", "exchange"])
    func damagedCheckpoint(_ how: String) async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            for application in [board, id("other")] {
                try await store.log.push([change("a"), change("b")], to: application)
                var hand = Hand(store, application)
                try await hand.work(checkpoint: true)
            }
            let key = store.key("checkpoint", "board")
            switch how {
            case "alter": try store.redis.command("SETRANGE", key, "60", "\u{0}")
            case "lose": try store.redis.command("DEL", key)
            default: try store.redis.command("COPY", store.key("checkpoint", "other"), key, "REPLACE")
            }
            let error = await failure { () throws(LogError) in _ = try await store.log.read(board, after: nil) }
            guard case .damaged("board", let what) = error else {
                Issue.record("the read gave \(String(describing: error))")
                return
            }
            #expect(what.contains("checkpoint"))
            #expect(try #require(try await store.log.read(id("other"), after: nil)).from == 2)
        }
    }
}
