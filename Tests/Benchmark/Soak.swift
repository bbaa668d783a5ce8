import ArgumentParser
import Documents
import Foundation
import Logging
import NIOCore
import NIOPosix
import Redis

/// A million changes: what the daemons and Redis hold must not grow with them.
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pushes many changes and prints what every process holds on the way.")

    @OptionGroup var server: ServerOptions
    @Option(help: "Where the merge daemon tells its metrics.")
    var mergeURL: String
    @Option(help: "The Redis behind it all.")
    var redisURL: String
    @Option(help: "Changes in all.")
    var changes = 1_000_000
    @Option(help: "Changes with ids of their own, pushed first, to see what remembering them costs.")
    var remembered = 100_000
    @Option(help: "Applications that they go to.")
    var applications = 20

    private static let batch = 250

    func run() async throws {
        let client = Client(url: server.url)
        let redis = try await RedisConnection.connect(
            RedisConfiguration(address: RedisAddress(redisURL)), on: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "bench"))
        let run = "bench-soak-\(UInt32.random(in: 0 ... .max))"
        let names = (0..<applications).map { "\(run)-\($0)" }

        let before = try await sample(client, redis, names)
        try await push(remembered, numbered: false, client, names)
        let after = try await sample(client, redis, names)
        let cost = Double(after.redis - before.redis) / Double(max(1, remembered))
        print(
            "repeat records: \(text(cost, decimals: 0)) bytes of Redis per change with an id of its own (numbered changes: none)"
        )

        print("    changes   front MB   merge MB   redis MB   log entries left")
        print(row(0, after))
        var pushed = 0
        var samples: [Sample] = []
        let started = ContinuousClock.now
        while pushed < changes {
            let part = min(changes / 10, changes - pushed)
            try await push(part, numbered: true, from: pushed, client, names)
            pushed += part
            let sample = try await sample(client, redis, names)
            samples.append(sample)
            print(row(pushed, sample))
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        try await check(client, names)
        print(
            "\(changes) changes in \(text(seconds)) s, \(text(Double(changes) / seconds, decimals: 0))/s; each applied once"
        )
        redis.close()
        // The first tenth warms caches up; from there on nothing may grow by more than the noise of an allocator.
        guard let first = samples.first, let last = samples.last else { return }
        for (name, from, to) in [
            ("front", first.front, last.front), ("merge-daemon", first.merge, last.merge),
            ("Redis", first.redis, last.redis),
        ] where Double(to) > Double(from) * 1.5 + Double(32 << 20) {
            throw Wrong("\(name) grew from \(from) to \(to) bytes.")
        }
    }

    // MARK: Pushing

    /// Every application gets its part from a task of its own, in batches, in order.
    private func push(_ count: Int, numbered: Bool, from start: Int = 0, _ client: Client, _ names: [String])
        async throws
    {
        let share = count / names.count
        let first = start / names.count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    for begin in stride(from: 0, to: share, by: Self.batch) {
                        let numbers = (first + begin)..<(first + min(begin + Self.batch, share))
                        try await pushBatch(numbers, numbered: numbered, client, name)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func pushBatch(_ numbers: Range<Int>, numbered: Bool, _ client: Client, _ name: String) async throws {
        let changes = numbers.map { number in
            let id = numbered ? "bench~\(number + 1)" : "single-\(number)"
            return """
                {"id":"\(id)","type":"application/vnd.cistern.patch+json","change":\
                [{"op":"increment","path":"/count","value":1},{"op":"add","path":"/last\(number % 50)","value":"\(number)"}]}
                """
        }
        let body = Array("[\(changes.joined(separator: ","))]".utf8)
        while true {
            let answer = try await client.send("PUT", "/v1/apps/\(name)/changes", type: "application/json", body: body)
            switch answer.status {
            case 200: return
            case 429, 503: try await Task.sleep(for: .milliseconds(50))
            default: throw Wrong("A batch was answered \(answer.status): \(String(buffer: answer.body))")
            }
        }
    }

    private func check(_ client: Client, _ names: [String]) async throws {
        let expected = remembered / names.count + changes / names.count
        for name in names {
            let answer = try await client.send("GET", "/v1/apps/\(name)/state?fresh=1")
            let count = try Document(parsing: Array(answer.body.readableBytesView))["count"]?.integerValue
            guard count == expected else { throw Wrong("\(name) counts \(count ?? -1) of \(expected) changes.") }
        }
    }

    // MARK: Looking

    private struct Sample {
        let front: Int
        let merge: Int
        let redis: Int
        let entries: Int
    }

    private func sample(_ client: Client, _ redis: RedisConnection, _ names: [String]) async throws -> Sample {
        let memory = try await redis.send(RedisCommand("INFO", "memory")).string ?? ""
        let used = memory.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        var entries = 0
        for name in names {
            let answer = try await client.send("GET", "/v1/apps/\(name)")
            guard answer.status == 200 else { continue }
            let head = try Document(parsing: Array(answer.body.readableBytesView))
            entries += (head["tail"]?.integerValue ?? 0) - (head["checkpoint"]?.integerValue ?? 0)
        }
        return Sample(
            front: try await resident(client), merge: try await resident(Client(url: mergeURL)),
            redis: used.flatMap { Int($0.dropFirst("used_memory:".count)) } ?? 0, entries: entries)
    }

    private func resident(_ client: Client) async throws -> Int {
        let metrics = String(buffer: try await client.send("GET", "/metrics").body)
        let line = metrics.split(separator: "\n").first { $0.hasPrefix("process_resident_memory_bytes") }
        guard let value = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw Wrong("\(client.url)/metrics does not tell the memory of the process.")
        }
        return Int(value)
    }

    private func row(_ changes: Int, _ sample: Sample) -> String {
        let cells = [
            (String(changes), 11), (megabytes(sample.front), 11), (megabytes(sample.merge), 11),
            (megabytes(sample.redis), 11),
            (String(sample.entries), 19),
        ]
        return cells.map { text, width in String(repeating: " ", count: max(1, width - text.count)) + text }.joined()
    }

    private func megabytes(_ bytes: Int) -> String { text(Double(bytes) / 1_048_576) }
}
