// What a merge daemon writes back: that a state is published, which changes were rejected, and checkpoints.

package import Fold
import Redis

/// A change that the fold rejected, at its position.
package struct RejectedChange: Hashable, Sendable {
    package let position: UInt64
    package let id: ChangeID
    package let digest: ChangeDigest
    package let rejection: Rejection

    package init(position: UInt64, id: ChangeID, digest: ChangeDigest, rejection: Rejection) {
        self.position = position
        self.id = id
        self.digest = digest
        self.rejection = rejection
    }
}

package enum PublishAnswer: Hashable, Sendable {
    case done
    /// The store has moved on in a way this caller does not know: it has to start again from checkpoint and log.
    case stale
    /// There is no such application any more.
    case gone
}

extension ChangeLog {
    /// Says that the state at `position` is published, and writes rejections into the records of their changes.
    ///
    /// - Parameters:
    ///   - from: since which position `rejections` is all of them.
    ///   - stateBytes: the size of the state.
    package func merged(
        _ application: ApplicationID, from: UInt64, to position: PositionToken, version: UInt64, stateBytes: Int,
        rejections: [RejectedChange]
    ) async throws(LogError) -> PublishAnswer {
        let partition = partition(of: application)
        let keys = [partition.head(of: application)] + partition.windows(of: application)
        var arguments: [RedisArgument] = [
            .string(partition.merged(application)), .string(position.epoch.description), .number(from),
            .number(position.number), .number(version), .integer(Int64(stateBytes)),
            .milliseconds(limits.recordLifetime), .integer(Int64(settings.foldVersion)),
        ]
        for rejected in rejections {
            arguments += [
                .string(rejected.id.description), .number(rejected.position), .string(rejected.digest.description),
                .string(rejected.rejection.description), rejected.id.numberArgument.isEmpty ? "0" : "1",
            ]
        }
        return try await publish(Scripts.merged, in: partition, about: application, keys: keys, arguments)
    }

    /// Puts the state at a position in the place of the log up to there.
    package func checkpoint(_ snapshot: Snapshot) async throws(LogError) -> PublishAnswer {
        let application = snapshot.application
        let partition = partition(of: application)
        return try await publish(
            Scripts.checkpoint, in: partition, about: application,
            keys: [
                partition.head(of: application), partition.log(of: application), partition.checkpoint(of: application),
                partition.dirty,
            ],
            [
                .string(application.description), .string(snapshot.epoch.description), .number(snapshot.position),
                .number(snapshot.logBytes), .bytes(snapshot.withoutRecords.encoded()),
                .integer(Int64(settings.foldVersion)),
            ])
    }

    private func publish(
        _ script: RedisScript, in partition: Partition, about application: ApplicationID, keys: [String],
        _ arguments: [RedisArgument]
    ) async throws(LogError) -> PublishAnswer {
        let answer = try await call(script, in: partition, about: application, keys: keys, arguments)
        switch answer.tag {
        case "ok": return .done
        case "stale": return .stale
        case "none": return .gone
        case "other-fold": throw otherFold(answer)
        default: throw LogError(answer.unexpected)
        }
    }
}
