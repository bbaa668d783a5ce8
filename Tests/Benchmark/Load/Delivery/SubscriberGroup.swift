import NIOCore

/// The waiting clients of one loop.
final class SubscriberGroup {
    private let loop: any EventLoop
    private let subscription: Subscription
    private var subscribers: [Subscriber] = []
    private var round: Round?
    private var failure: (any Error)?
    /// While messages come, the loop does not sleep.
    private let ticker = Ticker(.awake)

    /// What came in a round.
    struct Tally: Sendable {
        var received = 0
        /// Nanoseconds of the monotonic clock.
        var first = UInt64.max
        var last: UInt64 = 0
        var bytes = 0

        mutating func add(_ other: Tally) {
            received += other.received
            first = min(first, other.first)
            last = max(last, other.last)
            bytes += other.bytes
        }
    }

    private struct Round {
        let expected: Expected
        let promise: EventLoopPromise<Tally>
        let deadline: Scheduled<Void>
        var tally = Tally()
    }

    /// Longer than anything that is measured here.
    private static let patience = TimeAmount.seconds(20)

    init(_ loop: any EventLoop, _ subscription: Subscription) {
        self.loop = loop
        self.subscription = subscription
    }

    func open(_ count: Int, port: Int, source: String) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let all = (0..<count).map { _ in
            Connection.channel(port: port, source: source, on: loop).flatMap { bound.value.add($0) }
        }
        return EventLoopFuture.andAllSucceed(all, on: loop)
    }

    private func add(_ channel: any Channel) -> EventLoopFuture<Void> {
        let subscriber = Subscriber(channel, subscription)
        do { try channel.pipeline.syncOperations.addHandler(subscriber) } catch { return loop.makeFailedFuture(error) }
        subscribers.append(subscriber)
        let promise = loop.makePromise(of: Void.self)
        let deadline = loop.scheduleTask(in: Self.patience) {
            promise.fail(Wrong("A client that wants to wait is not answered."))
        }
        promise.futureResult.whenComplete { _ in deadline.cancel() }
        subscriber.opened = { promise.succeed() }
        subscriber.received = { [self] in receive($0) }
        subscriber.failed = { [self] error in
            promise.fail(error)
            failure = failure ?? error
            giveUp(error)
        }
        subscriber.ask()
        return promise.futureResult
    }

    // MARK: A round

    /// - Returns: what came, when all have it.
    func begin(_ expected: Expected) -> EventLoopFuture<Tally> {
        let promise = loop.makePromise(of: Tally.self)
        let bound = NIOLoopBound(self, eventLoop: loop)
        let deadline = loop.scheduleTask(in: Self.patience) {
            let group = bound.value
            group.giveUp(
                Wrong("\(group.round?.tally.received ?? 0) of \(group.subscribers.count) clients have a message."))
        }
        var round = Round(expected: expected, promise: promise, deadline: deadline)
        round.tally.bytes = -subscribers.reduce(0) { $0 + $1.bytes }
        self.round = round
        ticker.start(on: loop) { _ in }
        if let failure { giveUp(failure) } else if subscribers.isEmpty { finish() }
        return promise.futureResult
    }

    private func receive(_ message: ByteBuffer) {
        guard var current = round, current.expected.isMet(by: message) else {
            let wrong = Wrong("A client got what nobody sent now: \(String(buffer: message).prefix(200))")
            failure = failure ?? wrong
            return giveUp(wrong)
        }
        let now = NIODeadline.now().uptimeNanoseconds
        current.tally.received += 1
        current.tally.first = min(current.tally.first, now)
        current.tally.last = now
        round = current
        if current.tally.received == subscribers.count { finish() }
    }

    private func finish() {
        guard var done = end() else { return }
        done.tally.bytes += subscribers.reduce(0) { $0 + $1.bytes }
        done.promise.succeed(done.tally)
    }

    func giveUp(_ error: any Error) {
        end()?.promise.fail(error)
    }

    private func end() -> Round? {
        defer { round = nil }
        round?.deadline.cancel()
        ticker.stop()
        return round
    }

    func askAgain() {
        for subscriber in subscribers { subscriber.ask() }
    }

    func close() {
        for subscriber in subscribers { subscriber.close() }
        subscribers = []
    }
}
