import NIOCore
import Testing

@testable import Memcached

@Suite("The line in front of a thread")
struct WaitingLineTests {
    private func deadline(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    private func line(operations: Int = 10, bytes: Int = 100) -> WaitingLine<String> {
        WaitingLine(limits: .init(operations: operations, bytes: bytes))
    }

    @Test("Operations are taken in their order, in batches, and each leaves once")
    func order() throws {
        var line = line()
        let ids = try ["a", "b", "c"].map { try line.enter($0, bytes: 0, deadline: deadline(1)).id }
        #expect(line.take(limit: 2).map(\.operation) == ["a", "b"])
        #expect(line.take(limit: 2).map(\.operation) == ["c"])
        #expect(line.leave(ids[1]) == "b")
        #expect(line.leave(ids[1]) == nil)
        #expect(line.count == 2)
    }

    @Test("Only the operation that finds the thread asleep wakes it")
    func wakes() throws {
        var line = line()
        #expect(try line.enter("a", bytes: 0, deadline: deadline(1)).wakesThread)
        #expect(try !line.enter("b", bytes: 0, deadline: deadline(1)).wakesThread)
        #expect(line.take(limit: 10).count == 2)
        #expect(try !line.enter("c", bytes: 0, deadline: deadline(1)).wakesThread)
        #expect(line.take(limit: 10).count == 1)
        #expect(line.take(limit: 10).isEmpty)
        #expect(try line.enter("d", bytes: 0, deadline: deadline(1)).wakesThread)
    }

    @Test("A full line refuses until somebody leaves, by number and by bytes")
    func bounds() throws {
        var line = line(operations: 2, bytes: 100)
        let first = try line.enter("a", bytes: 60, deadline: deadline(1)).id
        #expect(throws: WaitingLine<String>.Refusal.full) { try line.enter("b", bytes: 41, deadline: deadline(1)) }
        _ = try line.enter("b", bytes: 40, deadline: deadline(1))
        #expect(throws: WaitingLine<String>.Refusal.full) { try line.enter("c", bytes: 0, deadline: deadline(1)) }
        _ = line.take(limit: 10)
        #expect(throws: WaitingLine<String>.Refusal.full) { try line.enter("c", bytes: 0, deadline: deadline(1)) }
        _ = line.leave(first)
        _ = try line.enter("c", bytes: 60, deadline: deadline(1))
    }

    @Test("Deadlines end those who wait and those who run, and the timer is set once")
    func deadlines() throws {
        var line = line()
        #expect(try line.enter("runs", bytes: 0, deadline: deadline(10)).setsTimer)
        _ = line.take(limit: 1)
        #expect(try !line.enter("waits", bytes: 0, deadline: deadline(20)).setsTimer)
        let done = try line.enter("done", bytes: 0, deadline: deadline(30)).id
        #expect(try !line.enter("late", bytes: 0, deadline: deadline(40)).setsTimer)
        _ = line.leave(done)

        let none = line.expire(now: deadline(9))
        #expect(none.operations.isEmpty && none.next == deadline(10))
        let two = line.expire(now: deadline(20))
        #expect(two.operations == ["runs", "waits"] && two.next == deadline(40))
        #expect(line.take(limit: 10).map(\.operation) == ["late"])
        let last = line.expire(now: deadline(40))
        #expect(last.operations == ["late"] && last.next == nil)
        #expect(try line.enter("again", bytes: 0, deadline: deadline(50)).setsTimer)
    }

    @Test("A closed line keeps who is in and lets nobody in")
    func closes() throws {
        var line = line()
        _ = try line.enter("a", bytes: 0, deadline: deadline(1))
        line.close()
        #expect(throws: WaitingLine<String>.Refusal.closed) { try line.enter("b", bytes: 0, deadline: deadline(1)) }
        #expect(line.take(limit: 10).map(\.operation) == ["a"])
    }
}
