// Pushes to many applications at an even pace, and how long each takes from its answer until a poll shows it. All on one loop.

import NIOCore

final class Watching: Sendable {
    private let group: NIOLoopBound<Watchers>

    struct Result: Sendable {
        /// From the answer to a push until a poll shows it: 0 where the state was there before the answer. Microseconds.
        var latencies: [UInt32] = []
        /// From the moment a push was due until its answer. Microseconds.
        var answers: [UInt32] = []
    }

    /// Makes the applications and opens two connections for each.
    static func open(
        _ names: [String], _ cistern: Cistern, state: CountedState, on loop: any EventLoop
    ) async throws -> Watching {
        let group = try await loop.submit { NIOLoopBound(Watchers(loop), eventLoop: loop) }.get()
        for name in names {
            let etag = try await cistern.client.found(name, state: state.text(0)).etag ?? ""
            let pushes = try await Connection.open(port: cistern.port, on: loop).get()
            let polls = try await Connection.open(port: cistern.port, on: loop).get()
            try await loop.submit {
                group.value.applications.append(
                    WatchedApplication(name, pushes: pushes.value, polls: polls.value, state: state, etag: etag))
            }.get()
        }
        return Watching(group)
    }

    private init(_ group: NIOLoopBound<Watchers>) {
        self.group = group
    }

    /// - Parameter rate: pushes a second over all applications.
    func run(rate: Double, warmUp: Double, seconds: Double) async throws -> Result {
        let group = group
        return try await group.eventLoop.flatSubmit {
            group.value.run(rate: rate, warmUp: warmUp, seconds: seconds)
        }.get()
    }

    func close() async throws {
        let group = group
        try await group.eventLoop.submit { for application in group.value.applications { application.close() } }.get()
    }
}

private final class Watchers {
    private let loop: any EventLoop
    private let ticker = Ticker(.calm)
    var applications: [WatchedApplication] = []

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func run(rate: Double, warmUp: Double, seconds: Double) -> EventLoopFuture<Watching.Result> {
        let start = NIODeadline.now().uptimeNanoseconds + 10_000_000
        let counted = start + UInt64(warmUp * 1e9)
        let end = start + UInt64((warmUp + seconds) * 1e9)
        var schedule = Schedule(start: start, perSecond: rate)
        var isCounting = false
        let promise = loop.makePromise(of: Watching.Result.self)
        ticker.start(on: loop) { [self] now in
            if !isCounting, now >= counted {
                isCounting = true
                for application in applications { application.count() }
            }
            if now < end {
                for number in schedule.take(until: now) {
                    applications[number % applications.count].push(due: schedule.due(number))
                }
            } else if applications.allSatisfy(\.isIdle) || now > end + 10_000_000_000 {
                ticker.stop()
                finish(promise)
                return
            }
            for application in applications { application.look() }
        }
        return promise.futureResult
    }

    private func finish(_ promise: EventLoopPromise<Watching.Result>) {
        if let failure = applications.lazy.compactMap(\.failure).first { return promise.fail(failure) }
        let silent = applications.count { !$0.isIdle }
        if silent > 0 {
            return promise.fail(Wrong("\(silent) applications do not show what was pushed ten seconds ago."))
        }
        var result = Watching.Result()
        for application in applications {
            result.latencies += application.result.latencies
            result.answers += application.result.answers
        }
        promise.succeed(result)
    }
}
