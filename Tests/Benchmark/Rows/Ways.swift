// WAYS: the ways to get a result, side by side: how long from sending what makes it until one client has it that waits for it that way. Nothing
// else is going on, and the servers have all cores but the load's one.

import NIOCore
import NIOPosix

struct Ways: Row {
    let names = ["WAYS"]

    private static let hook = "ways"
    /// Between two results: long enough for all to be quiet.
    private static let pause = Duration.milliseconds(100)

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        try await bench.apart { cores in
            var settings = Cistern.Settings()
            settings.sendsWebhooks = true
            let cistern = try await Cistern.start("ways", cores: cores, settings, in: bench)
            let count = bench.quick ? 15 : 60
            var figures: [Figure] = []
            for way in Delivery.allCases {
                figures.append(Self.figure("state → \(way.rawValue)", try await waiting(way, count, cistern)))
            }
            let receiver = try await HookReceiver.start()
            try await cistern.client.hook(
                Self.hook, at: receiver.url("/"), types: #""state.changed","operation.succeeded""#)
            figures.append(Self.figure("state → webhook", try await states(count, cistern, receiver)))
            let (polled, told) = try await operations(count, cistern, receiver)
            figures.append(Self.figure("operation → long poll", polled))
            figures.append(Self.figure("operation → webhook", told))
            try await receiver.stop()
            await cistern.stop()
            return Report(figures: figures)
        }
    }

    private static func figure(_ work: String, _ samples: [UInt32]) -> Figure {
        let latencies = Latencies(samples)
        return Figure(
            "WAYS", "\(work), p99", unit: "ms", [latencies.percentile(0.99)], target: .none,
            note: "p50 \(latencies.percentile(0.5).short) ms, from sending what makes it")
    }

    /// One client that waits for the next version of a state.
    private func waiting(_ way: Delivery, _ count: Int, _ cistern: Cistern) async throws -> [UInt32] {
        let application = "way-\(way)"
        let state = CountedState()
        let begin = try await cistern.client.found(application, state: state.text(0))
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let subscribers = try await Subscribers(
            Subscription(
                way: way, path: way == .socket ? Request.socket(of: application) : Request.state(of: application),
                etag: begin.etag, greets: way != .longPoll),
            port: cistern.port, source: "127.0.0.1", threads: threads)
        try await subscribers.open(1)
        var samples: [UInt32] = []
        for number in 1...count {
            try await Task.sleep(for: Self.pause)
            let receipts = try await subscribers.round(.version(number, of: state, by: way)) {
                try await cistern.client.push(CountedState.patch(number), id: "n\(number)", to: application)
            }
            samples.append(UInt32(receipts.last * 1_000))
            if way == .longPoll { try await subscribers.askAgain() }
        }
        try await subscribers.close()
        try await threads.shutdownGracefully()
        return samples
    }

    /// Versions of some states, each when the one before has long arrived.
    private func states(_ count: Int, _ cistern: Cistern, _ receiver: HookReceiver) async throws -> [UInt32] {
        let applications = 20
        var samples: [UInt32] = []
        for number in 0..<max(1, count / applications * 2) {
            var sent: [String: UInt64] = [:]
            for application in 0..<applications {
                // At any moment between two looks of a courier.
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...45)))
                let request = Request.put(
                    Request.change("s\(number)", of: "state\(application)"), type: Request.mergePatch,
                    CountedState.patch(number))
                let start = NIODeadline.now().uptimeNanoseconds
                let answer = try await cistern.client.send(request)
                guard let receipt = answer.body.quoted(after: #""receipt":""#) else {
                    throw Wrong("A push is answered \(answer.status): \(answer.text.prefix(200))")
                }
                sent[receipt] = start
            }
            samples += try Self.times(try await receiver.take(applications), since: sent)
        }
        return samples
    }

    private func operations(
        _ count: Int, _ cistern: Cistern, _ receiver: HookReceiver
    ) async throws -> (polled: [UInt32], told: [UInt32]) {
        let follower = Client(port: cistern.port)
        var polled: [UInt32] = []
        var sent: [String: UInt64] = [:]
        for number in 1...count {
            let path = Request.operation("o\(number)", of: "work")
            _ = try await cistern.client.send(Request.put(path, type: Request.json, #"{"kind":"ways"}"#))
            let claim = try await cistern.client.send(
                Request.post(
                    "/v1/operations:claim", type: Request.json, #"{"worker":"w","kinds":["ways"],"apps":["work"]}"#))
            guard let token = claim.body.quoted(after: #""token":""#) else {
                throw Wrong("A claim is answered \(claim.status): \(claim.text.prefix(200))")
            }
            let etag = try await follower.get(path).etag
            async let news = follower.send(Request.get(path, ifNoneMatch: etag, "Prefer: wait=20"))
            try await Task.sleep(for: Self.pause)
            let start = NIODeadline.now().uptimeNanoseconds
            async let ended = cistern.client.send(
                Request.put(path + "/result", type: "text/plain", "done", "Lease-Token: \(token)"))
            let answer = try await news
            polled.append(microseconds(since: start, until: NIODeadline.now().uptimeNanoseconds))
            sent["o\(number)"] = start
            guard answer.status == 303, try await ended.status == 201 else {
                throw Wrong("A client that waits for an operation is answered \(answer.status).")
            }
        }
        await follower.close()
        return (polled, try Self.times(try await receiver.take(count), since: sent))
    }

    private static func times(_ arrivals: [HookArrival], since sent: [String: UInt64]) throws -> [UInt32] {
        try arrivals.map { arrival in
            guard let start = arrival.subject.flatMap({ sent[$0] }) else {
                throw Wrong("A webhook tells of what nobody did: \(String(buffer: arrival.body).prefix(300))")
            }
            return microseconds(since: start, until: arrival.time)
        }
    }
}
