// What workers do: claim, say that they are at work, and end their lease.

package import ChangeLog
package import Fold
package import Operations
import Redis

/// An operation in the hands of a worker.
package struct ClaimedOperation: Sendable {
    package let document: OperationDocument
    /// Without it nobody may say anything about this attempt.
    package let token: String
    /// Milliseconds since 1970.
    package let leaseEnd: UInt64
    /// Canonical JSON.
    package let input: [UInt8]
    /// Canonical JSON of what the last attempt has left; empty if it has left nothing.
    package let checkpoint: [UInt8]
}

package struct ClaimAnswer: Sendable {
    package let operations: [ClaimedOperation]
    /// How long until something falls due in the partition.
    package let nextDue: Duration?
}

/// What a worker is answered that has a lease, or thinks so.
package enum LeasedAnswer<Value: Sendable>: Sendable {
    case done(Value)
    /// It did the same before, with this very lease.
    case known(Value)
    /// The lease has run out, is ended, or never was.
    case leaseLost
    case gone
    case unknown
}

package struct HeartbeatAnswer: Hashable, Sendable {
    /// Milliseconds since 1970.
    package let leaseEnd: UInt64
    package let isCancelRequested: Bool
}

package struct LeaseEnding: Sendable {
    package let document: OperationDocument
    /// What is remembered of it: the result's digest, or when the next attempt may begin.
    let remembered: String

    /// When the next attempt may begin, in milliseconds since 1970; nil if there is none.
    package var nextAttempt: UInt64? { UInt64(remembered) }
}

extension OperationQueue {
    /// Takes operations of a partition that wait.
    ///
    /// - Parameters:
    ///   - kinds: They take turns, the first one first.
    ///   - applications: Of the partition; nil for all of it.
    package func claim(
        in partition: Partition, by worker: WorkerID, kinds: [OperationKind], of applications: [ApplicationID]?,
        most: Int, lease: Duration
    ) async throws(LogError) -> ClaimAnswer {
        var arguments: [RedisArgument] = [
            .string("\(worker)"), .integer(Int64(most)), .milliseconds(lease), .string(Self.nonce()),
            .integer(Int64(kinds.count)),
        ]
        arguments += kinds.map { .string("\($0)") }
        arguments += (applications ?? []).map { .string("\($0)") }
        let answer = try await run(Scripts.claim, in: partition, arguments)
        return try reading { () throws(RedisError) in
            guard answer.tag == "ok" else { throw answer.unexpected }
            let next = Int64(try answer.text(0))
            var operations: [ClaimedOperation] = []
            for item in try answer.array(1) { operations.append(try ClaimedOperation(item)) }
            return ClaimAnswer(operations: operations, nextDue: next.map { .milliseconds($0) })
        }
    }

    /// Nobody may guess a lease's token. Redis seeds Lua's randomness alike in every run, so it is brought along: 128 bits.
    private static func nonce() -> String {
        String(UInt128.random(in: .min ... .max), radix: 36)
    }

    package func heartbeat(
        _ heartbeat: Heartbeat, for name: OperationName, token: String
    ) async throws(LogError) -> LeasedAnswer<HeartbeatAnswer> {
        try await leased(
            Scripts.heartbeat, "heartbeat", name, token,
            [
                .bytes(heartbeat.progress ?? []), .bytes(heartbeat.checkpoint ?? []),
                heartbeat.lease.map { .milliseconds($0) } ?? "",
            ]
        ) { answer throws(RedisError) in
            HeartbeatAnswer(leaseEnd: try answer.number(0), isCancelRequested: try answer.number(1) == 1)
        }
    }

    package func succeed(
        _ name: OperationName, token: String, mediaType: String, result: [UInt8]
    ) async throws(LogError) -> LeasedAnswer<LeaseEnding> {
        let digest = ContentDigest(of: Array(mediaType.utf8) + [0] + result).base64
        let answer = try await ending(
            Scripts.succeed, "succeed", name, token,
            [.string(digest), .string(ContentDigest(of: result).base64), .string(mediaType), .bytes(result)])
        // The lease was ended by a result, and this is another one.
        if case .known(let ending) = answer, ending.remembered != digest { return .leaseLost }
        return answer
    }

    package func fail(
        _ report: FailureReport, for name: OperationName, token: String
    ) async throws(LogError) -> LeasedAnswer<LeaseEnding> {
        try await ending(
            Scripts.fail, "fail", name, token,
            [
                .bytes(report.error), report.isRetryable ? "1" : "0",
                report.pause.map { .milliseconds($0) } ?? "",
            ])
    }

    package func giveBack(
        _ name: OperationName, token: String
    ) async throws(LogError) -> LeasedAnswer<LeaseEnding> {
        try await ending(Scripts.giveBack, "giveback", name, token, [])
    }

    private func ending(
        _ script: RedisScript, _ verb: String, _ name: OperationName, _ token: String, _ arguments: [RedisArgument]
    ) async throws(LogError) -> LeasedAnswer<LeaseEnding> {
        try await leased(script, verb, name, token, arguments) { answer throws(RedisError) in
            LeaseEnding(
                document: try OperationDocument(answer.array(1), of: name), remembered: try answer.text(0))
        }
    }

    /// - Parameter verb: By which a repeat is known.
    private func leased<Value: Sendable>(
        _ script: RedisScript, _ verb: String, _ name: OperationName, _ token: String, _ arguments: [RedisArgument],
        _ value: (ScriptAnswer) throws(RedisError) -> Value
    ) async throws(LogError) -> LeasedAnswer<Value> {
        let answer = try await run(
            script, in: partition(of: name.application),
            name.arguments + [.string(token), .string(verb)] + arguments)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": .done(try value(answer))
            case "known": .known(try value(answer))
            case "lease-lost": .leaseLost
            case "gone": .gone
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }
}
