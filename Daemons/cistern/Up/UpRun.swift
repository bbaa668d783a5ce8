// One run of everything: start from the bottom up, say when it is ready, wait to be told to stop, stop from the top down.

import CisternClient
import Glibc
import Subprocess

struct UpRun: Sendable {
    let stack: Stack
    let log: RunLog
    /// Opens when we are told to stop.
    let stop: Latch

    /// Redis may have a long log to read.
    private static let redisLimit: Duration = .seconds(600)
    private static let memcachedLimit: Duration = .seconds(10)
    private static let readyLimit: Duration = .seconds(60)

    func run() async throws {
        try await withProcess(stack.redis, log: log) {
            guard
                try await unlessStopped({
                    try await Probe.wait(
                        for: "redis", line: "PING", at: stack.run.socket("redis"), expecting: "+PONG",
                        within: Self.redisLimit)
                })
            else { return }
            try await withProcess(stack.memcached, log: log) {
                guard
                    try await unlessStopped({
                        try await Probe.wait(
                            for: "memcached", line: "version", at: stack.run.socket("memcached"), expecting: "VERSION",
                            within: Self.memcachedLimit)
                    })
                else { return }
                try await withProcesses([stack.mergeDaemon, stack.courier] + stack.listeners) {
                    guard try await unlessStopped({ try await waitUntilReady() }) else { return }
                    // A client of theirs.
                    try await withProcesses([stack.demoWorker].compactMap(\.self)) {
                        announce()
                        await stop.wait()
                        log.write("Stopping…", from: "cistern")
                    }
                }
            }
        }
    }

    /// One inside of the other, so that the last one is stopped first.
    private func withProcesses(
        _ processes: [ServerProcess], _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let first = processes.first else { return try await work() }
        try await withProcess(first, log: log) { try await withProcesses(Array(processes.dropFirst()), work) }
    }

    /// - Returns: false if we were told to stop before `work` was done.
    private func unlessStopped(_ work: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                await stop.wait()
                // Cancelled from outside, this says nothing; the work says it.
                if !stop.isOpen { try await Task.sleep(for: .seconds(1)) }
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func waitUntilReady() async throws {
        try await Probe.wait(
            for: "merge-daemon", line: "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
            at: stack.run.socket("merge-daemon"), expecting: "HTTP/1.1 200", within: Self.readyLimit)
        let client = try CisternClient(url: stack.url, pushURL: stack.pushURL)
        let deadline = ContinuousClock.now + Self.readyLimit
        var reason = "they do not answer"
        while ContinuousClock.now < deadline {
            do {
                let poll = try await client.readiness()
                let bucket = stack.isSplit ? try await client.readiness(ofBucket: true) : poll
                if poll.isReady, bucket.isReady { return await client.shutdown() }
                reason = poll.isReady ? bucket.detail : poll.detail
            } catch CisternError.unreachable {
                reason = "they do not answer"
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure(
            .failed, "The daemons are not ready within \(Wording.seconds(Self.readyLimit)): \(reason).",
            advice: "Their lines above say why.")
    }

    private func announce() {
        let output = Terminal.output
        var lines = ["", output.paint("Cistern is ready: \(stack.url)", .bold)]
        if stack.isSplit { lines.append("Changes go to     \(stack.pushURL)") }
        lines += [
            "A demo is at      \(stack.url)/demo/ (open it in two windows)",
            "For operators     \(stack.url)/dashboard/",
            "Data is kept in   \(stack.data.path)", "",
            "  curl -X PUT \(stack.pushURL)/v1/apps/board/changes/c1 -H 'Content-Type: application/merge-patch+json' -d '{\"title\":\"Plan\"}'",
            "  curl -i \(stack.url)/v1/apps/board/state", "", "Ctrl-C stops everything.", "",
        ]
        for line in lines { _ = output.tryToWrite(Array("\(line)\n".utf8)) }
    }
}
