import NIOCore
import Testing

@testable import Redis

struct CommandQueueTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func queue(commands: Int = 8, bytes: Int = 100) -> CommandQueue<Int> {
        var limits = RedisConfiguration.InFlightLimits()
        limits.commands = commands
        limits.bytes = bytes
        return CommandQueue(limits: limits, timeout: .seconds(5))
    }

    @Test("Replies belong to the oldest command")
    func order() {
        var queue = Self.queue()
        for command in 1...3 { _ = queue.admit(command, size: 1, now: Self.start) }
        for command in 1...3 {
            guard case .deliver(command, Self.start, thenClose: false) = queue.replyArrived() else {
                Issue.record("reply \(command) went elsewhere")
                return
            }
        }
        guard case .unexpected = queue.replyArrived() else {
            Issue.record("a reply that nobody asked for was delivered")
            return
        }
    }

    @Test("A command over the number in flight is refused, and taken after a reply")
    func commandLimit() {
        var queue = Self.queue(commands: 2)
        _ = queue.admit(1, size: 1, now: Self.start)
        _ = queue.admit(2, size: 1, now: Self.start)
        guard case .refuseFull(3, limit: 2) = queue.admit(3, size: 1, now: Self.start) else {
            Issue.record("a third command was taken")
            return
        }
        _ = queue.replyArrived()
        guard case .send = queue.admit(3, size: 1, now: Self.start) else {
            Issue.record("there was room and the command was refused")
            return
        }
    }

    @Test("Bytes in flight are bounded, but one command alone may be larger")
    func byteLimit() {
        var queue = Self.queue(bytes: 100)
        guard case .send = queue.admit(1, size: 1_000, now: Self.start) else {
            Issue.record("a large command was refused although nothing was in flight")
            return
        }
        guard case .refuseFull(2, limit: 100) = queue.admit(2, size: 1, now: Self.start) else {
            Issue.record("a command was taken beside the large one")
            return
        }
        _ = queue.replyArrived()
        guard case .send = queue.admit(2, size: 1, now: Self.start) else {
            Issue.record("the bytes of an answered command still count")
            return
        }
    }

    @Test("One timer follows the oldest command and stops when none is left")
    func timer() {
        var queue = Self.queue()
        guard case .send(startTimerAt: Self.start + .seconds(5)) = queue.admit(1, size: 1, now: Self.start),
            case .send(startTimerAt: nil) = queue.admit(2, size: 1, now: Self.start + .seconds(3))
        else {
            Issue.record("the timer has to start with the first command only")
            return
        }
        _ = queue.replyArrived()
        #expect(queue.timerFired(now: Self.start + .seconds(5)) == .again(at: Self.start + .seconds(8)))
        _ = queue.replyArrived()
        #expect(queue.timerFired(now: Self.start + .seconds(8)) == .stop)
        guard
            case .send(startTimerAt: Self.start + .seconds(25)) = queue.admit(
                3, size: 1, now: Self.start + .seconds(20))
        else {
            Issue.record("the timer has to start again")
            return
        }
        #expect(queue.timerFired(now: Self.start + .seconds(25)) == .expired)
    }

    @Test("A draining queue takes nothing, and says so when the last reply is in")
    func drain() {
        var queue = Self.queue()
        _ = queue.admit(1, size: 1, now: Self.start)
        _ = queue.admit(2, size: 1, now: Self.start)
        let isEmpty = queue.drain()
        #expect(!isEmpty)
        guard case .refuseClosing(3) = queue.admit(3, size: 1, now: Self.start),
            case .deliver(1, _, thenClose: false) = queue.replyArrived(),
            case .deliver(2, _, thenClose: true) = queue.replyArrived()
        else {
            Issue.record("draining went wrong")
            return
        }
    }

    @Test("A queue with nothing in flight is drained at once")
    func drainEmpty() {
        var queue = Self.queue()
        let isEmpty = queue.drain()
        #expect(isEmpty)
    }

    @Test("Closing hands back everybody who waits, once, and nothing is taken afterwards")
    func close() {
        var queue = Self.queue()
        _ = queue.admit(1, size: 1, now: Self.start)
        _ = queue.admit(2, size: 1, now: Self.start)
        #expect(queue.close() == [1, 2])
        #expect(queue.close() == [])
        guard case .refuseClosing(3) = queue.admit(3, size: 1, now: Self.start) else {
            Issue.record("a closed queue took a command")
            return
        }
    }
}
