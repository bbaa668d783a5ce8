// What was pushed, and the proof that each of it is in the state exactly once.

import Foundation
import NIOCore

actor PushRecord {
    /// One measurement: applications of its own, and ids that start with a tag of its own.
    struct Round: Sendable {
        let tag: String
        let applications: [String]
        var acknowledged = 0
    }

    private var rounds: [Round] = []
    private var count = 0

    func begin(_ applications: Int) -> Round {
        count += 1
        let number = count
        return Round(
            tag: "r\(number.digits(3)).", applications: (0..<applications).map { "pushed-\(number)-\($0)" })
    }

    func end(_ round: Round, acknowledged: Int) {
        var round = round
        round.acknowledged = acknowledged
        rounds.append(round)
    }

    /// Merging a backlog of millions takes as long as this at most.
    private static let patience = Duration.seconds(120)

    func check(_ cistern: Cistern, _ bench: Bench) async throws {
        let acknowledged = try await AcknowledgedPushes(pushingTo: cistern)
        try await cistern.startMerging()
        for round in rounds { try await check(round, cistern) }
        let head = try await merged(acknowledged.application, cistern)
        let answer = try await cistern.client.get(Request.state(of: acknowledged.application) + "?fresh=1")
        guard head.tail == acknowledged.count, let state = try object(answer) as? [String: Int] else {
            throw Wrong("\(acknowledged.count) changes were acknowledged, \(head.tail) are in the log.")
        }
        try acknowledged.check(state)
    }

    /// What was under way when wrk stopped may be there or not; it is at most one change per connection.
    private func check(_ round: Round, _ cistern: Cistern) async throws {
        var ids: Set<String> = []
        var positions = 0
        for application in round.applications {
            let head = try await merged(application, cistern)
            let answer = try await cistern.client.get(Request.state(of: application) + "?fresh=1")
            guard answer.status == 200, let state = try object(answer) as? [String: String] else {
                throw Wrong("\(application) is answered \(answer.status).")
            }
            // One member for each position, none rejected, none twice, all applied.
            guard state.count == head.tail, head.version == head.tail else {
                throw Wrong(
                    "\(application) has \(state.count) changes at \(head.tail) positions, version \(head.version).")
            }
            for (id, value) in state {
                guard id.hasPrefix(round.tag), value.utf8.count == 150 - 7 - id.utf8.count, ids.insert(id).inserted
                else { throw Wrong("\(application) has a change \(id) that nobody sent to it.") }
            }
            positions += head.tail
        }
        // Each of wrk's threads numbered its changes, so what is missing shows.
        let last = Dictionary(grouping: ids) {
            $0.prefix(while: { $0 != "." }) + $0.dropFirst(round.tag.count).prefix(1)
        }
        .mapValues { $0.compactMap { Int($0.suffix(8)) }.max() ?? 0 }
        let missing = last.values.reduce(0, +) - ids.count
        guard positions >= round.acknowledged, positions <= round.acknowledged + Bench.connections,
            missing <= Bench.connections
        else {
            throw Wrong(
                "\(round.acknowledged) changes were acknowledged, \(positions) are in the log, \(missing) are missing.")
        }
    }

    private func merged(_ application: String, _ cistern: Cistern) async throws -> (tail: Int, version: Int) {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            let answer = try await cistern.client.get("/v1/apps/\(application)")
            guard answer.status == 200, let head = try object(answer) as? [String: Any],
                let tail = head["tail"] as? Int,
                let version = head["version"] as? Int, let pending = head["pending"] as? Int
            else { throw Wrong("\(application) is described as \(answer.text).") }
            if pending == 0 { return (tail, version) }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Wrong("\(application) is not merged after \(Self.patience).")
    }

    /// Read with somebody else's parser: what is checked must not check itself.
    private func object(_ answer: Answer) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView))
    }
}
