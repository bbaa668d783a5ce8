// One client that polls a large state and counts the bytes of its answers.

import Foundation
import NIOCore

actor DeltaPoller {
    /// What a client says that it has and takes.
    enum Kind: Sendable, CaseIterable {
        /// Nothing: every answer is the state.
        case full
        /// `If-None-Match`.
        case conditional
        /// The same, and that it takes merge patches.
        case delta
    }

    struct Count: Sendable {
        var polls = 0
        var bytes = 0
        /// Answers by status.
        var statuses: [Int: Int] = [:]

        var bytesPerPoll: Double { Double(bytes) / Double(polls) }

        mutating func add(_ answer: Answer) {
            polls += 1
            bytes += answer.size
            statuses[answer.status, default: 0] += 1
        }
    }

    private let kind: Kind
    private let path: String
    private let client: Client
    private var etag: String?
    private var state: MergedState
    private var count = Count()

    /// Polls once, which does not count.
    init(_ kind: Kind, of application: String, port: Int) async throws {
        self.kind = kind
        path = Request.state(of: application)
        client = Client(port: port)
        let answer = try await client.get(path)
        guard answer.status == 200 else { throw Wrong("A first poll is answered \(answer.status).") }
        state = try MergedState(answer.body)
        etag = answer.etag
    }

    /// Polls so many times, each at its moment or, if the answer before was late, after that.
    func run(from start: ContinuousClock.Instant, every interval: Duration, polls: Int) async throws -> Count {
        for number in 0..<polls {
            try await Task.sleep(until: start + interval * number)
            count.add(try await poll())
        }
        return count
    }

    private func poll() async throws -> Answer {
        let answer =
            switch kind {
            case .full: try await client.get(path)
            case .conditional: try await client.get(path, ifNoneMatch: etag)
            case .delta: try await client.send(Request.get(path, ifNoneMatch: etag, "A-IM: merge-patch"))
            }
        switch (answer.status, kind) {
        case (304, .conditional), (304, .delta):
            guard answer.etag == etag else { throw Wrong("A 304 has the ETag \(answer.etag ?? "of nothing").") }
        case (226, .delta):
            guard answer.header("im") == "merge-patch", answer.header("delta-base") == etag, answer.etag != etag else {
                throw Wrong("A delta is answered with \(String(buffer: answer.head))")
            }
            try state.merge(answer.body)
        // Instead of a delta, too: the contract leaves that to the server. The bytes tell.
        case (200, .delta): state = try MergedState(answer.body)
        case (200, .full), (200, .conditional): break
        default: throw Wrong("\(path) is answered \(answer.status): \(answer.text.prefix(200))")
        }
        etag = answer.etag
        return answer
    }

    /// Longer than a change takes to be seen.
    private static let patience = Duration.seconds(10)

    /// Polls until it has what is served in the end, which does not count, and compares.
    ///
    /// - Parameter end: the answer to a full poll when everything is folded in.
    func finish(_ end: Answer) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while etag != end.etag {
            guard ContinuousClock.now < deadline else {
                throw Wrong("A poller does not come to \(end.etag ?? "a version").")
            }
            _ = try await poll()
        }
        if kind == .delta, try state.text != end.text { throw Wrong("By its deltas a poller has another state.") }
        await client.close()
    }
}
