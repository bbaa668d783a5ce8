// P11: an application to which a million changes are pushed. The log, what the processes hold and how long they take to come back must be
// what they are after a thousand.

import Foundation
import NIOCore

struct Soak: Row {
    let names = ["P11"]

    private static let few = 1_000
    /// The most that a log may keep once all is merged: what makes a checkpoint due.
    private static let checkpoint = 1_000.0
    /// How much a process may hold more after the last tenth than after the first, in MB: the noise of an allocator.
    private static let growth = 32.0
    /// How much longer a restart may take.
    private static let restart = 1.5
    /// The shortest that a merge daemon may be told, and a bit.
    private static let lease = Duration.milliseconds(1_100)

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        try await bench.apart { cores in try await measure(bench, cores) }
    }

    private func measure(_ bench: Bench, _ cores: Cores) async throws -> Report {
        var settings = Cistern.Settings()
        settings.fsync = .always
        settings.merge = ["--lease-time", "1s"]
        let cistern = try await Cistern.start("soak", cores: cores, settings, in: bench)
        let changes = bench.quick ? 100_000 : 1_000_000
        let few = SoakPushing("few", port: cistern.port)
        try await few.push(Self.few, .numbered(after: 0))
        try await check(few, Self.few, cistern)

        let many = SoakPushing("many", port: cistern.port)
        let before = try await SoakSample(cistern, "few")
        let remembered = changes / 10
        try await many.push(remembered, .single)
        let repeats = try await trimmed(cistern).redis - before.redis

        var samples: [SoakSample] = []
        let start = ContinuousClock.now
        for part in 0..<10 {
            try await many.push(changes / 10, .numbered(after: part * changes / 10))
            samples.append(try await SoakSample(cistern, "many"))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try await check(many, changes + remembered, cistern)
        let end = try await trimmed(cistern)
        var figures = [
            Figure(
                "P11", "batches of 250, one application", unit: "changes/s", [Double(changes) / seconds], target: .none,
                note:
                    "\((changes + remembered).grouped) changes, each applied once; a change with an id of its own takes "
                    + "\((repeats * 1_048_576 / Double(remembered)).short) bytes of Redis for a day")
        ]
        figures += growths(samples, end)
        figures += try await restarts(cistern, bench)
        await few.close()
        await many.close()
        await cistern.stop()
        return Report(figures: figures)
    }

    private func check(_ pushing: SoakPushing, _ count: Int, _ cistern: Cistern) async throws {
        let path = Request.state(of: pushing.application) + "?fresh=1"
        let answer = try await cistern.client.get(path)
        let state = try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView)) as? [String: Any]
        guard answer.status == 200, let found = state?["count"] as? Int, found == count else {
            throw Wrong("\(pushing.application) counts \(state?["count"] ?? "nothing") of \(count) changes.")
        }
    }

    /// When the log has been replaced by a checkpoint, or when that has taken too long.
    private func trimmed(_ cistern: Cistern) async throws -> SoakSample {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let sample = try await SoakSample(cistern, "many")
            if sample.log == 0 || ContinuousClock.now > deadline { return sample }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func growths(_ samples: [SoakSample], _ end: SoakSample) -> [Figure] {
        guard let first = samples.first, let last = samples.last else { return [] }
        func grown(_ name: String, _ value: (SoakSample) -> Double) -> Figure {
            Figure(
                "P11", "growth of \(name) in the last nine tenths", unit: "MB", [value(last) - value(first)],
                target: .atMost(Self.growth), note: samples.map { value($0).short }.joined(separator: ", ") + " MB")
        }
        return [
            grown("cistern-front", \.front), grown("merge-daemon", \.merge), grown("Redis", \.redis),
            Figure(
                "P11", "log left when all is merged", unit: "changes", [end.log], target: .atMost(Self.checkpoint),
                note: "while pushing: " + samples.map(\.log.short).joined(separator: ", ")),
        ]
    }

    /// By turns the application with many changes and the one with few; both daemons are killed before each.
    private func restarts(_ cistern: Cistern, _ bench: Bench) async throws -> [Figure] {
        var served = Comparison()
        var visible = Comparison()
        for number in 0..<(bench.quick ? 2 : 5) {
            let many = try await restart(cistern, "many", number)
            let few = try await restart(cistern, "few", number)
            served.add(ours: many.served, peers: few.served)
            visible.add(ours: many.visible, peers: few.visible)
        }
        let note = "daemons killed, their leases over; from their start; \(Self.few.grouped) changes are the measure"
        return [
            Figure(
                "P11", "restart → state served", peer: "few changes", unit: "ms", served,
                target: .ratioAtMost(Self.restart), note: note),
            Figure(
                "P11", "restart → new push visible", peer: "few changes", unit: "ms", visible,
                target: .ratioAtMost(Self.restart), note: note),
        ]
    }

    private func restart(
        _ cistern: Cistern, _ application: String, _ number: Int
    ) async throws -> (served: Double, visible: Double) {
        await cistern.killDaemons()
        // How long a dead daemon's lease lasts is a setting; what comes after it is measured.
        try await Task.sleep(for: Self.lease)
        let start = ContinuousClock.now
        async let merging: Void = cistern.startMerging()
        try await cistern.startFront()
        let path = Request.state(of: application)
        let answer = try await cistern.client.get(path)
        guard answer.status == 200, answer.text.contains(#""count":"#) else {
            throw Wrong("After a restart \(application) is answered \(answer.status).")
        }
        let served = (ContinuousClock.now - start) / .milliseconds(1)
        // A push before this would wait for the merge daemon's next sweep, which comes when it comes.
        try await merging
        try await cistern.client.push(#"{"restart":\#(number)}"#, id: "restart-\(number)", to: application)
        while !(try await cistern.client.get(path).text.contains(#""restart":\#(number)"#)) {
            guard ContinuousClock.now - start < .seconds(30) else {
                throw Wrong("After a restart a push to \(application) does not show.")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let visible = (ContinuousClock.now - start) / .milliseconds(1)
        return (served, visible)
    }
}

/// What everybody holds, in MB, and how many changes of an application the log has.
struct SoakSample: Sendable {
    let front: Double
    let merge: Double
    let redis: Double
    let log: Double

    init(_ cistern: Cistern, _ application: String) async throws {
        front = try await cistern.client.metric("process_resident_memory_bytes") / 1_048_576
        merge = try await cistern.mergeClient.metric("process_resident_memory_bytes") / 1_048_576
        redis = try cistern.redis.info("memory", "used_memory") / 1_048_576
        let answer = try await cistern.client.get("/v1/apps/\(application)")
        guard let head = try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView)) as? [String: Any],
            let tail = head["tail"] as? Int, let checkpoint = head["checkpoint"] as? Int
        else { throw Wrong("\(application) is described as \(answer.text).") }
        log = Double(tail - checkpoint)
    }
}
