// Cistern and nchan with as many waiting clients each.

import NIOCore
import NIOPosix

actor WaitingPair {
    struct Result: Sendable {
        /// Of ours and of the peer's.
        typealias Both = (ours: Double, peers: Double)

        /// KB per client, when all wait and nothing has been sent yet.
        var memory = Comparison()
        /// The same at the end.
        var used: Both = (0, 0)
        /// Milliseconds from publishing until the last client has it.
        var last = Comparison()
        /// Milliseconds from the first client to the last.
        var spread = Comparison()
        /// To one client, for one version.
        var bytes: Both = (0, 0)
    }

    private typealias Receipts = Subscribers.Receipts

    private let way: Delivery
    private let cistern: Cistern
    private let nchan: Nchan
    private let state = CountedState()
    private var ours: Subscribers?
    private var peers: Subscribers?
    /// Of the last version.
    private var number = 0

    private static let application = "waiting"
    /// Those that wait before memory is looked at: what a server needs once is not a client's.
    private static let first = 100
    /// For the connections that publish, ask and check.
    private static let spare = 1_000

    /// Starts both, measures and stops them, also if something is wrong.
    ///
    /// - Parameter source: a number for the addresses from which clients come, which no other measurement has.
    static func measure(_ way: Delivery, source: Int, _ bench: Bench) async throws -> Result {
        var settings = Cistern.Settings()
        settings.front = ["--max-connections", "\(Waiters.clients + spare)"]
        let cistern = try await Cistern.start("wait-\(source)", cores: bench.serverCores, settings, in: bench)
        do {
            let nchan = try await Nchan.start(connections: Waiters.clients + spare, in: bench)
            let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(2, bench.loadCores.count))
            let pair = WaitingPair(way, cistern, nchan)
            let measured: Swift.Result<Result, any Error>
            do { measured = .success(try await pair.run(source, threads, bench)) } catch { measured = .failure(error) }
            try await pair.close()
            try await threads.shutdownGracefully()
            await nchan.stop()
            let result = try measured.get()
            await cistern.stop()
            return result
        } catch {
            await cistern.stop()
            throw error
        }
    }

    private init(_ way: Delivery, _ cistern: Cistern, _ nchan: Nchan) {
        self.way = way
        self.cistern = cistern
        self.nchan = nchan
    }

    private func run(_ source: Int, _ threads: MultiThreadedEventLoopGroup, _ bench: Bench) async throws -> Result {
        let begin = try await cistern.client.found(Self.application, state: state.text(0))
        let ours = try await Subscribers(
            Subscription(
                way: way,
                path: way == .socket ? Request.socket(of: Self.application) : Request.state(of: Self.application),
                etag: begin.etag, greets: way != .longPoll),
            port: cistern.port, source: "127.0.1.\(2 * source + 1)", threads: threads)
        self.ours = ours
        let peers = try await Subscribers(
            Subscription(way: way, path: Nchan.subscribe), port: nchan.port, source: "127.0.1.\(2 * source + 2)",
            threads: threads)
        self.peers = peers

        var result = Result()
        let before = try await opened(Self.first)
        let after = try await opened(Waiters.clients - Self.first)
        result.memory.add(
            ours: Self.perClient(before.ours, after.ours), peers: Self.perClient(before.peers, after.peers))
        for round in 0...bench.rounds {
            let mine = try await version(ours)
            let theirs = try await message(peers)
            // The first of each does not count.
            guard round > 0 else { continue }
            result.last.add(ours: mine.last, peers: theirs.last)
            result.spread.add(ours: mine.last - mine.first, peers: theirs.last - theirs.first)
            result.bytes = (mine.bytes, theirs.bytes)
        }
        let end = try await memory()
        result.used = (Self.perClient(before.ours, end.ours), Self.perClient(before.peers, end.peers))
        return result
    }

    private func close() async throws {
        try await ours?.close()
        try await peers?.close()
    }

    // MARK: Memory

    /// Lets more clients come, and tells the servers' memory when they all wait.
    private func opened(_ count: Int) async throws -> Result.Both {
        for subscribers in [ours, peers] { try await subscribers?.open(count) }
        opened += count
        try await allWait()
        return try await memory()
    }

    private var opened = 0

    private func memory() async throws -> Result.Both {
        (try await cistern.client.metric("process_resident_memory_bytes"), try nchan.memory)
    }

    private static func perClient(_ before: Double, _ after: Double) -> Double {
        (after - before) / 1_024 / Double(Waiters.clients - first)
    }

    /// Longer than thousands of requests take.
    private static let patience = Duration.seconds(20)

    /// Until both servers count as many clients as there are.
    private func allWait() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let waiting = (try await cistern.waiting, try await nchan.waiting)
            if waiting == (opened, opened) { return }
            guard ContinuousClock.now < deadline else {
                throw Wrong("Of \(opened) clients each, \(waiting.0) wait here and \(waiting.1) at nchan.")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    // MARK: Rounds

    private func version(_ subscribers: Subscribers) async throws -> Receipts {
        number += 1
        let patch = CountedState.patch(number)
        let (cistern, id) = (cistern, "n\(number)")
        return try await round(subscribers, .version(number, of: state, by: way)) {
            try await cistern.client.push(patch, id: id, to: Self.application)
        }
    }

    /// As long as what Cistern's clients have just got.
    private func message(_ subscribers: Subscribers) async throws -> Receipts {
        let patch = CountedState.patch(number)
        let text: String
        switch way {
        case .longPoll: text = state.text(number)
        case .events: text = patch
        case .socket:
            let version = try await cistern.client.get(Request.state(of: Self.application)).etag ?? ""
            text = #"{"patch":\#(patch),"from":\#(version),"version":\#(version),"position":\#(version)}"#
        }
        let nchan = nchan
        return try await round(subscribers, .text(ByteBuffer(string: text))) { try await nchan.publish(text) }
    }

    private func round(
        _ subscribers: Subscribers, _ expected: Expected, publish: @Sendable () async throws -> Void
    ) async throws -> Receipts {
        let receipts = try await subscribers.round(expected, publish: publish)
        if way == .longPoll {
            try await subscribers.askAgain()
            try await allWait()
        }
        return receipts
    }
}
