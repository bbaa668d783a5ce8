import ChangeLog
import Documents
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: what is said of them in states", .timeLimit(.minutes(2)))
struct PublishingTests {
    private static let wish = #"{"kind":"export","publish":"/job"}"#

    @Test("Every status is said once and in order, whoever says it, and however often")
    func statuses() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            try await queue.make("a", Self.wish)
            let early = try await store.news()
            let claimed = try await queue.claimOne()
            _ = try await queue.giveBack(name("a"), token: claimed.token)
            // Two that say the same at the same time.
            for news in [try await store.news(), try await store.news()] {
                for one in news { _ = try await queue.publish(one) }
            }
            #expect(try store.said() == ["queued", "running", "queued"])
            let token = try await queue.claimOne().token
            let late = try await store.news()
            _ = try await queue.cancel(name("a"))
            _ = try await queue.succeed(name("a"), token: token, mediaType: "text/plain", result: [65])
            #expect(try await store.publish() == 3)
            // Two that were stopped in the middle, and go on when all is said.
            for one in early + late { #expect(try await queue.publish(one) == 0) }
            #expect(try store.said() == ["queued", "running", "queued", "running", "cancelling", "succeeded"])
            #expect(try await store.news().isEmpty)
            let last = try #require(try store.changes().last?["job"])
            #expect(last["result"]?["href"]?.stringValue == "/v1/apps/board/operations/a/result")
        }
    }

    @Test("How far it is, is said four times a second at most, and nothing is left unsaid")
    func progress() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            try await queue.make("a", Self.wish)
            let token = try await queue.claimOne().token
            _ = try await store.publish()
            let before = try store.changes().count
            let begin = try await queue.see("a").now
            for percent in 1...20 {
                let beat = try Heartbeat(json(#"{"progress":{"percent":\#(percent)}}"#))
                _ = try await queue.heartbeat(beat, for: name("a"), token: token)
                _ = try await store.publish()
            }
            let most = Int(try await queue.see("a").now - begin) / 250 + 1
            #expect(try store.changes().count - before <= most)
            try store.advance(to: .seconds(1))
            _ = try await store.publish()
            let said = try store.changes().count
            #expect(try store.changes().last?["job"]?["progress"]?["percent"]?.integerValue == 20)
            // With the end it is said at once.
            let beat = try Heartbeat(json(#"{"progress":{"completed":7}}"#))
            _ = try await queue.heartbeat(beat, for: name("a"), token: token)
            _ = try await queue.fail(failure(#"{"error":{},"retryable":false}"#), for: name("a"), token: token)
            #expect(try await store.publish() == 1)
            #expect(try store.changes().count == said + 1)
            #expect(try store.said().last == "failed")
            #expect(try store.changes().last?["job"]?["progress"]?["completed"]?.integerValue == 7)
            #expect(try await store.news().isEmpty)
        }
    }

    @Test("What nobody asks for is said too: a worker that is not heard of, a deadline, what was deleted meanwhile")
    func unattended() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            try await queue.make("a", #"{"kind":"export","publish":"/job","deadlines":{"total_s":60}}"#)
            _ = try await queue.claimOne()
            try store.advance(to: .seconds(31))
            _ = try await store.publish()
            #expect(try store.said() == ["queued", "running", "queued"])
            try store.advance(to: .seconds(62))
            _ = try await store.publish()
            #expect(try store.said().last == "dead")
            try await queue.make("b", Self.wish)
            _ = try await queue.cancel(name("b"), deleting: true)
            #expect(try await queue.cancel(name("b"), deleting: true).tag == "deleted")
            _ = try await store.publish()
            #expect(try store.said().suffix(2) == ["queued", "cancelled"])
        }
    }

    @Test("Where an application takes no changes it is tried again, and what is said last is the last")
    func full() async throws {
        var limits = LogLimits()
        limits.backlogChanges = 2
        try await withStore(partitions: 1, limits: limits) { store in
            let queue = store.queue
            try await queue.make("a", Self.wish)
            for _ in 1...20 {
                let token = try await queue.claimOne().token
                _ = try await queue.giveBack(name("a"), token: token)
            }
            _ = try await queue.cancel(name("a"))
            #expect(try await store.publish() == 2)
            #expect(try await store.news().isEmpty)
            // Not more than some are kept; those in between are left out.
            let length = try store.redis.command("LLEN", "{c00}:operation-news:board:a")
            #expect(Int(length) == OperationLimits.untoldStatuses - 2)
            var said = try store.said()
            for second in 1...20 where said.last != "cancelled" {
                try await store.mergeAll()
                try store.advance(to: .seconds(second * 2))
                _ = try await store.publish()
                said += try store.said().suffix(2)
            }
            #expect(said.last == "cancelled" && said.filter { $0 == "cancelled" }.count == 1)
        }
    }

    @Test("Two operations at one place: whichever moved last is seen there, whole, and nothing of the other")
    func onePlace() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            for id in ["a", "b"] { try await queue.make(id, Self.wish) }
            let claimed = try await queue.claims(2)
            let beat = try Heartbeat(json(#"{"progress":{"percent":5,"message":"of a"}}"#))
            _ = try await queue.heartbeat(beat, for: name("a"), token: claimed[0].token)
            _ = try await queue.giveBack(name("a"), token: claimed[0].token)
            _ = try await store.publish()
            _ = try await queue.succeed(name("b"), token: claimed[1].token, mediaType: "text/plain", result: [65])
            _ = try await store.publish()
            let result = try #require(try await queue.see("b").document["result"]?.text)
            #expect(try store.state()["job"]?.text == #"{"result":\#(result),"status":"succeeded"}"#)
            _ = try await queue.cancel(name("a"))
            _ = try await store.publish()
            #expect(
                try store.state()["job"]?.text
                    == #"{"progress":{"message":"of a","percent":5},"status":"cancelled"}"#)
        }
    }

    @Test(
        "An application that is deleted begins anew with the next status, and what was said before does not come back")
    func deletedApplication() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            try await queue.make("a", Self.wish)
            let early = try await store.news()
            _ = try await store.publish()
            let epoch = try await store.log.look(at: board)?.epoch
            #expect(try await store.log.delete(board) == .deleted)
            // One that was stopped before.
            for one in early { #expect(try await queue.publish(one) == 0) }
            #expect(try await store.log.look(at: board) == nil)
            // The operation itself is as it was.
            let token = try await queue.claimOne().token
            #expect(try await store.publish() == 1)
            #expect(try store.said() == ["running"])
            #expect(try await store.log.look(at: board)?.epoch != epoch)
            _ = try await queue.succeed(name("a"), token: token, mediaType: "text/plain", result: [65])
            #expect(try await store.publish() == 1)
            #expect(try store.said() == ["running", "succeeded"])
        }
    }
}

extension Store {
    func news() async throws -> [OperationNews] { try await queue.news(in: queue.partition(of: board)).news }

    /// Until nothing is left to say now.
    /// - Returns: how many changes were appended.
    func publish() async throws -> Int {
        var appended = 0
        for one in try await news() { appended += try await queue.publish(one) }
        return appended
    }

    /// What stands in the log of `board`, in the first partition.
    func changes() throws -> [Document] {
        let lines = try redis.command("LRANGE", "{c00}:log:board", "0", "-1").split(separator: "\n")
        return try lines.enumerated().filter { $0.offset % 2 == 1 }.map { try json(String($0.element)) }
    }

    /// What they make of nothing.
    func state() throws -> Document {
        var state = Document.emptyObject
        for change in try changes() { try state.apply(Patch(change, kind: .mergePatch), time: 0) }
        return state
    }

    /// The statuses in it.
    func said() throws -> [String] { try changes().compactMap { $0["job"]?["status"]?.stringValue } }

    /// Makes place in the log of `board`, as a merge daemon does.
    func mergeAll() async throws {
        guard let tail = try await log.look(at: board)?.tail else { return }
        try redis.command("HSET", "{c00}:app:board", "merged", "\(tail)")
    }
}
