// Clients that do one thing after the other, each as fast as it is answered: what wrk cannot do where a request depends on the answer before.

import NIOCore

/// One of these clients, on its loop.
protocol TurnTaker: AnyObject, SendableMetatype {
    /// Does the next thing, and says on its loop when it is done.
    func turn(_ done: @escaping (Result<Void, any Error>) -> Void)
}

struct ClosedLoop<Taker: TurnTaker>: Sendable {
    let takers: [NIOLoopBound<Taker>]

    struct Outcome: Sendable {
        /// How long each thing took, in microseconds.
        var latencies: [UInt32] = []
        var seconds = 0.0

        var perSecond: Double { Double(latencies.count) / seconds }
    }

    /// Until the time is over and all have ended what they were at.
    func run(seconds: Double) async throws -> Outcome {
        let start = NIODeadline.now().uptimeNanoseconds
        let end = start + UInt64(seconds * 1e9)
        var outcome = Outcome()
        outcome.latencies = try await withThrowingTaskGroup { tasks in
            for taker in takers {
                tasks.addTask { try await taker.eventLoop.flatSubmit { Self.turns(of: taker, until: end) }.get() }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
        outcome.seconds = Double(NIODeadline.now().uptimeNanoseconds - start) / 1e9
        return outcome
    }

    private static func turns(of taker: NIOLoopBound<Taker>, until end: UInt64) -> EventLoopFuture<[UInt32]> {
        let promise = taker.eventLoop.makePromise(of: [UInt32].self)
        let client = taker.value
        var latencies: [UInt32] = []
        func next() {
            let start = NIODeadline.now().uptimeNanoseconds
            client.turn { result in
                if case .failure(let error) = result { return promise.fail(error) }
                let now = NIODeadline.now().uptimeNanoseconds
                latencies.append(microseconds(since: start, until: now))
                if now < end { next() } else { promise.succeed(latencies) }
            }
        }
        next()
        return promise.futureResult
    }
}
