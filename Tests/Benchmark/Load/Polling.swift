// Many clients, each polling at its own moment of the interval: what wrk cannot do. Latency counts from the moment at which a poll was
// due, whether the client was free then or not.

import NIOCore
import NIOPosix

final class Polling: Sendable {
    private let groups: [NIOLoopBound<PollerGroup>]

    struct Result: Sendable {
        var latencies: [UInt32] = []
        /// Answers that brought a new version.
        var news = 0
        /// Polls that had no answer when patience ended; they are in `latencies` with the time they had waited until then.
        var unanswered = 0
        var seconds = 0.0

        /// Answers.
        var perSecond: Double { Double(latencies.count - unanswered) / seconds }
    }

    /// Opens the connections, spread over the loops of `threads`, and lets each client have the present state.
    ///
    /// - Parameters:
    ///   - applications: polled by turns.
    ///   - connectionsPerAddress: on each thread; an address has 28,000 ports, and some are still taken by former rows.
    static func open(
        _ connections: Int, port: Int, applications: [String], state: CountedState,
        connectionsPerAddress: Int = 10_000, threads: MultiThreadedEventLoopGroup
    ) async throws -> Polling {
        let loops = Array(threads.makeIterator())
        let groups = try await withThrowingTaskGroup { tasks in
            for (index, loop) in loops.enumerated() {
                let numbers = stride(from: index, to: connections, by: loops.count).map { $0 }
                tasks.addTask {
                    let group = try await loop.submit {
                        NIOLoopBound(PollerGroup(loop, state, connectionsPerAddress), eventLoop: loop)
                    }.get()
                    // So many at a time that the server's queue does not overflow.
                    for begin in stride(from: 0, to: numbers.count, by: 250) {
                        let some = numbers[begin..<min(begin + 250, numbers.count)]
                        let paths = some.map { Request.state(of: applications[$0 % applications.count]) }
                        try await loop.flatSubmit { group.value.open(paths, port: port) }.get()
                    }
                    return group
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        return Polling(groups)
    }

    private init(_ groups: [NIOLoopBound<PollerGroup>]) {
        self.groups = groups
    }

    /// Polls; what happens in the first seconds does not count.
    func run(every interval: Duration, warmUp: Double, seconds: Double) async throws -> Result {
        let start = NIODeadline.now().uptimeNanoseconds + 100_000_000
        let times = PollerGroup.Times(
            start: start, count: start + UInt64(warmUp * 1e9), end: start + UInt64((warmUp + seconds) * 1e9),
            interval: interval / .seconds(1))
        var result = Result()
        try await withThrowingTaskGroup { tasks in
            for group in groups {
                tasks.addTask { try await group.eventLoop.flatSubmit { group.value.run(times) }.get() }
            }
            for try await part in tasks {
                result.latencies += part.latencies
                result.news += part.news
                result.unanswered += part.unanswered
            }
        }
        result.seconds = seconds
        return result
    }

    func close() async throws {
        for group in groups { try await group.eventLoop.submit { group.value.close() }.get() }
    }
}

/// The clients of one loop.
final class PollerGroup {
    private let loop: any EventLoop
    private let state: CountedState
    private var pollers: [Poller] = []
    private let connectionsPerAddress: Int
    private let ticker = Ticker(.awake)
    private var result = Polling.Result()

    struct Times: Sendable {
        let start: UInt64
        /// From here on latencies count.
        let count: UInt64
        let end: UInt64
        /// Seconds.
        let interval: Double
    }

    init(_ loop: any EventLoop, _ state: CountedState, _ connectionsPerAddress: Int) {
        self.loop = loop
        self.state = state
        self.connectionsPerAddress = connectionsPerAddress
    }

    /// The address that the connection with this number comes from; 127.0.0.1 is left to others.
    private func source(_ number: Int) -> String { "127.0.0.\(2 + number / connectionsPerAddress % 250)" }

    func open(_ paths: [String], port: Int) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let all = paths.enumerated().map { index, path in
            Connection.open(port: port, source: source(pollers.count + index), on: loop).flatMap { connection in
                bound.value.add(connection.value, path)
            }
        }
        return EventLoopFuture.andAllSucceed(all, on: loop)
    }

    /// Asks for the present state: a connection without a request would be closed.
    private func add(_ connection: Connection, _ path: String) -> EventLoopFuture<Void> {
        let poller = Poller(connection, path: path, state: state)
        pollers.append(poller)
        let promise = loop.makePromise(of: Void.self)
        let deadline = loop.scheduleTask(in: .seconds(20)) { promise.fail(Wrong("A first poll was not answered.")) }
        poller.answered = { _, _ in
            deadline.cancel()
            promise.succeed()
        }
        poller.poll(due: NIODeadline.now().uptimeNanoseconds)
        return promise.futureResult
    }

    func run(_ times: Times) -> EventLoopFuture<Polling.Result> {
        result = Polling.Result()
        var schedule = Schedule(start: times.start, perSecond: Double(pollers.count) / times.interval)
        for poller in pollers {
            poller.answered = { [self] due, isNew in
                guard due >= times.count, due < times.end else { return }
                result.latencies.append(microseconds(since: due, until: NIODeadline.now().uptimeNanoseconds))
                if isNew { result.news += 1 }
            }
        }
        let promise = loop.makePromise(of: Polling.Result.self)
        ticker.start(on: loop) { [self] now in
            if now < times.end {
                for number in schedule.take(until: now) {
                    pollers[number % pollers.count].poll(due: schedule.due(number))
                }
            } else if !pollers.contains(where: \.isWaiting) || now > times.end + Self.patience {
                ticker.stop()
                finish(promise, times, now)
            }
        }
        return promise.futureResult
    }

    /// Nanoseconds after the end for which answers are waited for.
    private static let patience: UInt64 = 5_000_000_000

    private func finish(_ promise: EventLoopPromise<Polling.Result>, _ times: Times, _ now: UInt64) {
        if let failure = pollers.lazy.compactMap(\.failure).first { return promise.fail(failure) }
        for due in pollers.lazy.flatMap(\.waitingSince) where due >= times.count && due < times.end {
            result.latencies.append(microseconds(since: due, until: now))
            result.unanswered += 1
        }
        promise.succeed(result)
    }

    func close() {
        for poller in pollers { poller.close() }
        pollers = []
    }
}
