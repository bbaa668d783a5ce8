// P1, P2, P3: a state polled as fast as one core serves it, against nginx in front of the same memcached with the same bytes. nginx'
// headers are padded to the length of ours. For 304 it does no work at all: `return 304` with the same number of bytes.

import NIOCore

struct Polls: Row {
    let names = ["P1", "P2", "P3"]

    /// States by their size, and how much faster than nginx they have to be served.
    private static let sizes = [
        (row: "P1", label: "1 KB", bytes: 1_000, target: 2.2), (row: "P3", label: "10 KB", bytes: 10_000, target: 2.0),
        (row: "P3", label: "100 KB", bytes: 100_000, target: 1.3),
    ]

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let cistern = try await Cistern.start("polls", cores: bench.serverCores, in: bench)
        var figures: [Figure] = []
        for size in Self.sizes where only.contains(size.row) || size.row == "P1" && only.contains("P2") {
            let subject = try await Subject(bytes: size.bytes, cistern, bench)
            if only.contains(size.row) {
                let comparison = try await subject.polls(bench)
                figures.append(
                    Figure(
                        size.row, "poll \(size.label), 200", peer: "nginx memcached_pass", unit: "requests/s",
                        comparison, target: .ratioAtLeast(size.target)))
            }
            if size.row == "P1", only.contains("P2") {
                let comparison = try await subject.unchanged(bench)
                figures.append(
                    Figure(
                        "P2", "poll, 304", peer: "nginx return 304", unit: "requests/s", comparison,
                        target: .ratioAtLeast(0.9)))
            }
            subject.stop()
        }
        await cistern.stop()
        return Report(figures: figures)
    }
}

/// One application and nginx with the same bytes.
private struct Subject {
    private let path: String
    private let cistern: Cistern
    private let nginx: Nginx
    private let state: Answer
    private let unchanged: Answer
    private let etag: String

    init(bytes: Int, _ cistern: Cistern, _ bench: Bench) async throws {
        let application = "polled-\(bytes)"
        path = Request.state(of: application)
        self.cistern = cistern
        state = try await cistern.client.found(application, state: Board.state(bytes: bytes))
        etag = state.etag ?? ""
        unchanged = try await cistern.client.get(path, ifNoneMatch: etag)
        guard unchanged.status == 304 else { throw Wrong("The present version was answered \(unchanged.status).") }
        try await cistern.memcached.set("peer:\(path)", state.body)
        nginx = try await Nginx.start(
            memcached: cistern.memcached, poll: state.head.readableBytes, unchanged: unchanged.head.readableBytes,
            pollPath: path, in: bench)
    }

    func polls(_ bench: Bench) async throws -> Comparison {
        let wrk = try wrk(bench)
        try await checkBodies()
        let comparison = try await bench.alternate(
            { try await rate(wrk, cistern.url + path, size: state.size, bench) },
            { try await rate(wrk, nginx.url + path, size: state.size, bench) })
        try await checkBodies()
        return comparison
    }

    func unchanged(_ bench: Bench) async throws -> Comparison {
        let wrk = try wrk(bench)
        let headers = ["If-None-Match: \(etag)"]
        let comparison = try await bench.alternate(
            { try await rate(wrk, cistern.url + path, size: unchanged.size, headers: headers, bench) },
            { try await rate(wrk, nginx.url + "/unchanged/state", size: unchanged.size, headers: headers, bench) })
        try await checkBodies()
        return comparison
    }

    func stop() { nginx.stop() }

    private func wrk(_ bench: Bench) throws -> Wrk {
        Wrk(
            cores: bench.loadCores, script: try bench.place(PackageResources.poll_lua, as: "poll.lua"),
            connections: Bench.connections)
    }

    /// wrk tells only errors apart; that nothing else came than what was asked for shows in the bytes.
    private func rate(
        _ wrk: Wrk, _ url: String, size: Int, headers: [String] = [], _ bench: Bench
    ) async throws -> Double {
        let result = try await wrk.run(url, seconds: bench.seconds, headers: headers)
        // What was under way at the end is in the bytes and not in the requests.
        let unfinished = wrk.connections * size
        guard (0...unfinished).contains(result.bytes - result.requests * size) else {
            throw Wrong("\(url): \(result.requests) answers of \(size) bytes are not \(result.bytes) bytes.")
        }
        return result.perSecond
    }

    private func checkBodies() async throws {
        for client in [cistern.client, nginx.client] {
            let answer = try await client.get(path)
            guard answer.status == 200, answer.body == state.body else {
                throw Wrong("\(path) at port \(client.port) is \(answer.status) with other bytes than before.")
            }
        }
        let answer = try await cistern.client.get(path, ifNoneMatch: etag)
        guard answer.status == 304, answer.etag == etag, answer.body.readableBytes == 0 else {
            throw Wrong("The present version is answered \(answer.status).")
        }
    }
}
