// P4: changes of 150 bytes with ids of their own, as fast as one core takes them, Redis included, against webdis that appends the same
// bytes to a list. Nothing is merged meanwhile; afterwards everything is, and every acknowledged change has to be in the state once.

import Foundation

struct Pushes: Row {
    let names = ["P4"]

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        var figures: [Figure] = []
        for fsync in [Fsync.everysec, .always] { figures += try await measure(fsync, bench) }
        return Report(figures: figures)
    }

    private func measure(_ fsync: Fsync, _ bench: Bench) async throws -> [Figure] {
        var settings = Cistern.Settings()
        settings.fsync = fsync
        settings.merges = false
        // A state of one member per change, and a backlog of some seconds.
        settings.store = ["--state-limit", "64MiB"]
        settings.front = ["--backlog-changes", "1000000", "--backlog-bytes", "1GiB", "--partition-bytes", "4GiB"]
        let cistern = try await Cistern.start("push-\(fsync)", cores: bench.serverCores, settings, in: bench)
        let redis = try await RedisServer.start("webdis-\(fsync)", fsync: fsync, cores: bench.serverCores, in: bench)
        let wrk = Wrk(
            cores: bench.loadCores, script: try bench.place(PackageResources.push_lua, as: "push.lua"),
            connections: Bench.connections)
        let threads = try await fastest(redis, wrk, bench)
        let webdis = try await Webdis.start(redis, threads, in: bench)

        var figures: [Figure] = []
        let record = PushRecord()
        // One list against one log. Ten are told, not demanded, and not in a short run: each has a call of the script to itself, and so
        // fewer changes in it.
        for applications in bench.quick ? [1] : [1, 10] {
            let comparison = try await bench.alternate(
                rounds: applications == 1 ? nil : min(2, bench.rounds),
                { try await ours(cistern, wrk, applications, record, bench) },
                { try await peers(webdis, redis, wrk, applications, bench) })
            figures.append(
                Figure(
                    "P4",
                    "push 150 B, \(applications == 1 ? "1 application" : "\(applications) applications"), \(fsync)",
                    peer: "webdis RPUSH", unit: "requests/s", comparison,
                    target: applications == 1 ? .ratioAtLeast(1.1) : .none,
                    note: applications == 1 ? "webdis with \(threads.text)" : ""))
        }
        webdis.stop()
        redis.stop()
        try await record.check(cistern, bench)
        await cistern.stop()
        return figures
    }

    private func ours(
        _ cistern: Cistern, _ wrk: Wrk, _ applications: Int, _ record: PushRecord, _ bench: Bench
    ) async throws -> Double {
        let round = await record.begin(applications)
        let result = try await PushScript.cistern(cistern, wrk).run(
            round.applications, tag: round.tag, seconds: bench.seconds)
        await record.end(round, acknowledged: result.requests)
        return result.perSecond
    }

    private func peers(
        _ webdis: Webdis, _ redis: RedisServer, _ wrk: Wrk, _ applications: Int, _ bench: Bench
    ) async throws -> Double {
        let names = (0..<applications).map { "list\($0)" }
        let result = try await PushScript.webdis(webdis, wrk).run(names, tag: "t", seconds: bench.seconds)
        let lengths = try names.map { Int(try redis.command("LLEN", $0)) ?? 0 }
        _ = try redis.command("FLUSHALL")
        let all = lengths.reduce(0, +)
        // It is not webdis that is checked here, only that it has done the work; what it loses is told.
        guard all >= result.requests - result.requests / 100, all <= result.requests + wrk.connections else {
            throw Wrong("webdis acknowledged \(result.requests) changes, and its lists have \(all).")
        }
        if all < result.requests {
            bench.say("webdis acknowledged \(result.requests - all) changes that it does not have.")
        }
        return result.perSecond
    }

    private func fastest(_ redis: RedisServer, _ wrk: Wrk, _ bench: Bench) async throws -> Webdis.Threads {
        var best = (rate: 0.0, threads: Webdis.Threads.candidates[0])
        for threads in Webdis.Threads.candidates.prefix(bench.quick ? 2 : 4) {
            let webdis = try await Webdis.start(redis, threads, in: bench)
            let rate = try await PushScript.webdis(webdis, wrk).run(["trial"], tag: "t", seconds: 1).perSecond
            webdis.stop()
            if rate > best.rate { best = (rate, threads) }
        }
        _ = try redis.command("FLUSHALL")
        return best.threads
    }
}
