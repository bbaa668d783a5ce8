// P13: operations made, claimed and finished over HTTP, three requests each, as fast as one core takes them, Redis included; against the same
// three round trips to Redis itself, with plain commands (see QueueTaker.swift). Afterwards each is finished once, and has its result.

import NIOCore
import NIOPosix

struct Operations: Row {
    let names = ["P13"]

    /// For claims that name none: the work of so many stands in as many partitions.
    private static let applications = 10

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let cistern = try await Cistern.start("operations", cores: bench.serverCores, in: bench)
        let redis = try await RedisServer.start("plain-queue", fsync: .everysec, cores: bench.serverCores, in: bench)
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(2, bench.loadCores.count))
        let plain = ClosedLoop(
            takers: try await Self.open(threads) { number, loop in
                LineConnection.open(socket: redis.socket, on: loop).map { connection in
                    NIOLoopBound(QueueTaker(connection.value, prefix: "q\(number)"), eventLoop: loop)
                }
            })
        var figures: [Figure] = []
        for named in [true, false] {
            let work = named ? "one application, claims name it" : "\(Self.applications) applications, claims name none"
            let ours = ClosedLoop(
                takers: try await Self.open(threads) { number, loop in
                    Connection.open(port: cistern.port, on: loop).map { connection in
                        let application = named ? "work" : "work\(number % Self.applications)"
                        return NIOLoopBound(
                            OperationTaker(
                                connection.value, application, namesApplication: named,
                                prefix: "\(named ? "a" : "b")\(number)"),
                            eventLoop: loop)
                    }
                })
            var latencies: [UInt32] = []
            let comparison = try await bench.alternate(
                rounds: named ? nil : min(2, bench.rounds),
                {
                    let outcome = try await ours.run(seconds: Double(bench.seconds))
                    latencies += outcome.latencies
                    return outcome.perSecond
                },
                {
                    let rate = try await plain.run(seconds: Double(bench.seconds)).perSecond
                    _ = try redis.command("FLUSHALL")
                    return rate
                })
            try await check(ours, latencies.count, cistern)
            let times = Latencies(latencies)
            figures.append(
                Figure(
                    "P13", "create, claim, finish: \(work)", peer: "Redis alone", unit: "operations/s", comparison,
                    target: .none,
                    note: "\(Bench.connections) clients; one operation takes p50 \(times.percentile(0.5).short) ms, "
                        + "p99 \(times.percentile(0.99).short) ms; the peer has no ids that count once, no leases and no ends that are told"
                ))
            for taker in ours.takers { try await taker.eventLoop.submit { taker.value.close() }.get() }
        }
        for taker in plain.takers { try await taker.eventLoop.submit { taker.value.close() }.get() }
        try await threads.shutdownGracefully()
        redis.stop()
        await cistern.stop()
        return Report(figures: figures)
    }

    private static func open<Taker: TurnTaker>(
        _ threads: MultiThreadedEventLoopGroup,
        _ make: @Sendable @escaping (Int, any EventLoop) -> EventLoopFuture<NIOLoopBound<Taker>>
    ) async throws -> [NIOLoopBound<Taker>] {
        var takers: [NIOLoopBound<Taker>] = []
        for number in 0..<Bench.connections {
            let loop = threads.next()
            takers.append(try await loop.flatSubmit { make(number, loop) }.get())
        }
        return takers
    }

    /// Each was finished once, and the last of each client has what was sent.
    private func check(_ loop: ClosedLoop<OperationTaker>, _ count: Int, _ cistern: Cistern) async throws {
        var all: Set<String> = []
        var total = 0
        for taker in loop.takers {
            let finished = try await taker.eventLoop.submit { taker.value.finished }.get()
            total += finished.count
            all.formUnion(finished)
            guard let last = finished.last?.split(separator: " ") else { throw Wrong("A client has done nothing.") }
            let path = Request.operation(String(last[1]), of: String(last[0])) + "/result"
            let answer = try await cistern.client.get(path)
            guard answer.status == 200, answer.text == OperationTaker.result else {
                throw Wrong("\(path) is answered \(answer.status): \(answer.text.prefix(200))")
            }
        }
        // Those of the turn that does not count are there besides.
        guard total == all.count, total >= count else {
            throw Wrong("\(all.count) operations were finished by \(total) results, \(count) of which were counted.")
        }
    }
}
