import Fold
import Testing

@testable import Merging

@Suite("The queue of work")
struct WorkQueueTests {
    private let a: ApplicationID
    private let b: ApplicationID
    private let c: ApplicationID
    private let start = ContinuousClock.now

    init() throws {
        a = try ApplicationID("a")
        b = try ApplicationID("b")
        c = try ApplicationID("c")
    }

    private func queue(_ concurrency: Int = 10, hints: [ApplicationID]) -> WorkQueue {
        var queue = WorkQueue(concurrency: concurrency)
        for application in hints { #expect(hint(&queue, application) == nil) }
        return queue
    }

    private func hint(
        _ queue: inout WorkQueue, _ application: ApplicationID, _ cause: WorkQueue.Cause = .news,
        in pause: Duration = .zero
    ) -> ContinuousClock.Instant? {
        queue.hint(application, cause, notBefore: start + pause, now: start)
    }

    private func finish(
        _ queue: inout WorkQueue, _ application: ApplicationID, more: Bool = false, in pause: Duration = .zero
    ) -> ContinuousClock.Instant? {
        queue.finish(application, more: more, notBefore: start + pause, now: start)
    }

    @Test("Applications are worked on in the order of their hints, each once")
    func order() {
        var queue = queue(hints: [a, b, a, c, b])
        let order = (0..<4).map { _ in queue.next()?.application }
        #expect(order == [a, b, c, nil])
    }

    @Test("No more are worked on at a time than allowed")
    func concurrency() {
        var queue = queue(2, hints: [a, b, c])
        let order = (0..<3).map { _ in queue.next()?.application }
        #expect(order == [a, b, nil])
        #expect(finish(&queue, a) == nil)
        #expect(queue.next()?.application == c)
    }

    @Test("A hint during the work is not lost, and never makes two work on the same")
    func hintDuringWork() {
        var queue = queue(hints: [a])
        #expect(queue.next()?.application == a)
        #expect(hint(&queue, a) == nil)
        #expect(hint(&queue, a) == nil)
        #expect(queue.next() == nil)
        #expect(finish(&queue, a) == nil)
        #expect(queue.next()?.application == a)
        #expect(finish(&queue, a) == nil)
        #expect(queue.next() == nil && queue.isIdle)
    }

    @Test("One that has more to do queues up behind the others")
    func fairness() {
        var queue = queue(1, hints: [a, b])
        #expect(queue.next()?.application == a)
        #expect(finish(&queue, a, more: true) == nil)
        #expect(queue.next()?.application == b)
        #expect(finish(&queue, b) == nil)
        #expect(queue.next()?.application == a)
        #expect(!queue.isIdle)
    }

    @Test("One that pauses holds no place, and is worked on when it is woken, not before")
    func pausing() {
        var queue = queue(1, hints: [a, b])
        #expect(queue.next()?.application == a)
        #expect(hint(&queue, a) == nil)
        #expect(finish(&queue, a, in: .milliseconds(9)) == start + .milliseconds(9))
        #expect(queue.next()?.application == b)
        // It is to be woken already.
        #expect(hint(&queue, a, in: .milliseconds(9)) == nil)
        #expect(finish(&queue, b) == nil)
        #expect(queue.next() == nil && !queue.isIdle)
        queue.wake(a)
        queue.wake(a)
        #expect(queue.next()?.application == a)
        #expect(queue.next() == nil)
    }

    @Test("A hint within the pause waits for its end; one behind it waits for nothing")
    func hintInPause() {
        var queue = queue(hints: [a])
        #expect(queue.next()?.application == a)
        #expect(finish(&queue, a, in: .milliseconds(5)) == nil)
        #expect(queue.isIdle)
        #expect(hint(&queue, a, in: .milliseconds(5)) == start + .milliseconds(5))
        #expect(queue.next() == nil)
        queue.wake(a)
        #expect(queue.next()?.application == a)
        #expect(finish(&queue, a, in: .milliseconds(5)) == nil)
        #expect(queue.hint(a, .news, notBefore: start + .milliseconds(5), now: start + .milliseconds(5)) == nil)
        #expect(queue.next()?.application == a)
    }

    @Test("The weightier cause counts, wherever the application is")
    func causes() {
        var queue = WorkQueue(concurrency: 1)
        for causes in [[WorkQueue.Cause.sweep, .news], [.news, .sweep]] {
            for cause in causes { #expect(hint(&queue, a, cause) == nil) }
            #expect(queue.next()?.cause == .news)
            for cause in causes { #expect(hint(&queue, a, cause) == nil) }
            #expect(finish(&queue, a, in: .milliseconds(1)) != nil)
            queue.wake(a)
            #expect(queue.next()?.cause == .news)
            #expect(finish(&queue, a) == nil)
            for cause in causes { _ = hint(&queue, a, cause, in: .milliseconds(1)) }
            queue.wake(a)
            #expect(queue.next()?.cause == .news)
            #expect(finish(&queue, a) == nil)
        }
        #expect(hint(&queue, a, .sweep) == nil)
        #expect(queue.next()?.cause == .sweep)
    }

    @Test("Those that pause can be dropped, the others stay")
    func dropPausing() {
        var queue = queue(hints: [a, b])
        #expect(hint(&queue, c, in: .seconds(1)) != nil)
        queue.dropPausing()
        queue.wake(c)
        let order = (0..<3).map { _ in queue.next()?.application }
        #expect(order == [a, b, nil])
        #expect(finish(&queue, a, more: true, in: .seconds(1)) != nil)
        #expect(finish(&queue, b) == nil)
        queue.dropPausing()
        #expect(queue.isIdle)
    }
}

@Suite("The open applications")
struct OpenApplicationsTests {
    private func name(_ number: Int) throws -> ApplicationID { try ApplicationID("a\(number)") }

    private func opened(_ limit: Int, _ count: Int, bytes: Int) throws -> OpenApplications<Int> {
        var open = OpenApplications<Int>(limit: limit)
        for number in 0..<count {
            #expect(open.use(try name(number), now: .now) { number } == number)
            open.note(try name(number), bytes: bytes - OpenApplications<Int>.bytesPerApplication, pending: 1)
        }
        return open
    }

    @Test("Those that were not used for longest go when it is too much, and no more than have to")
    func leastRecentlyUsed() throws {
        var open = try opened(50_000, 5, bytes: 10_000)
        #expect(open.count == 5 && open.bytes == 50_000 && open.pending == 5)
        for number in [0, 2, 0] { _ = open.use(try name(number), now: .now) { -1 } }
        _ = open.use(try name(5), now: .now) { 5 }
        open.note(try name(5), bytes: 10_000 - OpenApplications<Int>.bytesPerApplication, pending: 0)
        #expect(open[try name(1)] == nil)
        #expect(open.count == 5)
        open.note(try name(5), bytes: 30_000 - OpenApplications<Int>.bytesPerApplication, pending: 7)
        #expect(open[try name(3)] == nil)
        #expect(open[try name(4)] == nil)
        #expect(Set(open.mergers.map(\.1)) == [0, 2, 5])
        #expect(open.bytes == 50_000 && open.pending == 9)
    }

    @Test("However often the same few are used, those that were not go first")
    func manyUses() throws {
        var open = try opened(50_000, 5, bytes: 10_000)
        for round in 0..<1_000 { _ = open.use(try name(round % 3), now: .now) { -1 } }
        for (number, gone) in [(5, 3), (6, 4), (7, 1), (8, 2), (9, 0)] {
            _ = open.use(try name(number), now: .now) { number }
            open.note(try name(number), bytes: 10_000 - OpenApplications<Int>.bytesPerApplication, pending: 1)
            #expect(open[try name(gone)] == nil)
            #expect(open.count == 5 && open.bytes == 50_000)
        }
    }

    @Test("One that is closed counts no more, and one that nobody has opened never does")
    func closing() throws {
        var open = try opened(50_000, 3, bytes: 10_000)
        open.close(try name(1))
        open.close(try name(1))
        open.note(try name(9), bytes: 1 << 30, pending: 1)
        open.update(try name(9)) { $0.failures = 1 }
        #expect(open.count == 2 && open.bytes == 20_000 && open.pending == 2)
        #expect(open.use(try name(1), now: .now) { 77 } == 77)
        #expect(open[try name(1)]?.failures == 0)
    }

    @Test("After any uses the sums are right and the least recently used have gone")
    func random() throws {
        let limit = 100_000
        var open = OpenApplications<Int>(limit: limit)
        var model: [(number: Int, bytes: Int)] = []
        for step in 0..<20_000 {
            let number = (step &* 2_654_435_761) >> 7 % 40
            let cost = OpenApplications<Int>.bytesPerApplication + (step &* 40_503) % 9_000
            _ = open.use(try name(number), now: .now) { number }
            model.removeAll { $0.number == number }
            if step % 13 == 5 {
                open.close(try name(number))
                continue
            }
            open.note(try name(number), bytes: cost - OpenApplications<Int>.bytesPerApplication, pending: 0)
            model.append((number, cost))
            while model.reduce(0, { $0 + $1.bytes }) > limit { model.removeFirst() }
            #expect(open.bytes == model.reduce(0) { $0 + $1.bytes })
            #expect(Set(open.mergers.map(\.1)) == Set(model.map(\.number)))
        }
    }

    @Test("With room for nothing nothing stays")
    func noRoom() throws {
        let open = try opened(1, 10, bytes: 2_000)
        #expect(open.count == 0 && open.bytes == 0 && open.pending == 0)
    }
}
