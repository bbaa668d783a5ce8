package import Fold
import Redis

/// Where an application's log and its published state are.
package struct LogHead: Hashable, Sendable {
    package let epoch: Epoch
    /// The last position that a checkpoint replaced.
    package let base: UInt64
    /// The last position given out.
    package let tail: UInt64
    /// The last position that is published.
    package let merged: UInt64
    /// The version that is published.
    package let version: UInt64
    /// Bytes of log that Redis keeps.
    package let logBytes: UInt64
    /// Bytes of the state that is published.
    package let stateBytes: UInt64
    package let checkpointBytes: UInt64
    package let times: Times

    /// Milliseconds since 1970, by the clock of Redis; 0 for what has not happened yet.
    package struct Times: Hashable, Sendable {
        package let created: UInt64
        package let pushed: UInt64
        package let merged: UInt64
    }

    package var pending: UInt64 { tail - min(merged, tail) }
    package var versionToken: VersionToken { VersionToken(epoch: epoch, number: version) }
    package var mergedToken: PositionToken { PositionToken(epoch: epoch, number: merged) }
}

/// A piece of the log.
package struct LogSlice: Sendable {
    package let epoch: Epoch
    package let base: UInt64
    package let tail: UInt64
    package let merged: UInt64
    /// The entries stand at `from + 1` and on.
    package let from: UInt64
    /// Set if the reader cannot go on from where it is and has to start from here: the state at `from`.
    package let restart: Restart?
    package let entries: [[UInt8]]

    package enum Restart: Sendable {
        /// `from` is 0: the state is `{}`.
        case empty
        case checkpoint(Snapshot)
    }
}

/// How much of the log one read may bring.
package struct ReadBounds: Sendable {
    package var entries: Int
    package var bytes: Int

    package init(entries: Int, bytes: Int) {
        self.entries = entries
        self.bytes = bytes
    }

    /// About a fold's worth: some milliseconds of work, some megabytes of memory.
    package static let batch = ReadBounds(entries: 1_000, bytes: 4 << 20)
}

extension ChangeLog {
    /// Nil if there is no such application.
    package func look(at application: ApplicationID) async throws(LogError) -> LogHead? {
        let partition = partition(of: application)
        let answer = try await call(
            Scripts.look, in: partition, about: application, keys: [partition.head(of: application)], [])
        do throws(RedisError) {
            switch answer.tag {
            case "ok": return try LogHead(answer)
            case "none": return nil
            default: throw answer.unexpected
            }
        } catch {
            throw LogError(error)
        }
    }

    func otherFold(_ answer: ScriptAnswer) -> LogError {
        do throws(RedisError) {
            return .otherFold(Int(clamping: try answer.number(0)), own: settings.foldVersion)
        } catch {
            return LogError(error)
        }
    }

    static let otherLength = "the list has another length than the positions say"

    /// The entries after `position` of `epoch`; with another epoch, a trimmed position or nil, from the checkpoint on.
    ///
    /// - Returns: nil if there is no such application.
    package func read(
        _ application: ApplicationID, after position: PositionToken?, bounds: ReadBounds = .batch
    ) async throws(LogError) -> LogSlice? {
        let partition = partition(of: application)
        let answer = try await call(
            Scripts.read, in: partition, about: application,
            keys: [
                partition.head(of: application), partition.log(of: application), partition.checkpoint(of: application),
            ],
            [
                .string(position?.epoch.description ?? ""), .number(position?.number ?? 0),
                .integer(Int64(bounds.entries)), .integer(Int64(bounds.bytes)),
                .integer(Int64(settings.foldVersion)),
            ])
        do {
            switch answer.tag {
            case "ok": return try LogSlice(answer, of: application)
            case "none": return nil
            case "damaged":
                throw LogError.damaged(application: application.description, Self.otherLength)
            case "other-fold": throw otherFold(answer)
            default: throw LogError(answer.unexpected)
            }
        } catch let error as LogError {
            throw error
        } catch let error as RedisError {
            throw LogError(error)
        } catch {
            throw .damaged(application: application.description, "the checkpoint cannot be read: \(error)")
        }
    }
}

extension LogHead {
    fileprivate init(_ answer: ScriptAnswer) throws(RedisError) {
        epoch = try answer.epoch(0)
        base = try answer.number(1)
        tail = try answer.number(2)
        merged = try answer.number(3)
        version = try answer.number(4)
        logBytes = try answer.number(5)
        stateBytes = try answer.number(6)
        checkpointBytes = try answer.number(7)
        times = Times(
            created: try answer.number(8), pushed: try answer.number(9), merged: try answer.number(10))
    }
}

extension LogSlice {
    fileprivate init(_ answer: ScriptAnswer, of application: ApplicationID) throws {
        epoch = try answer.epoch(0)
        base = try answer.number(1)
        tail = try answer.number(2)
        merged = try answer.number(3)
        from = try answer.number(4)
        restart = try Self.restart(answer, from: from, of: application)
        entries = try answer.array(6).map { value throws(RedisError) in
            guard case .bulk(let bytes) = value else { throw answer.unexpected }
            return bytes
        }
    }

    /// The script gives no checkpoint if the reader can go on, and an empty one if there was none yet.
    private static func restart(
        _ answer: ScriptAnswer, from: UInt64, of application: ApplicationID
    ) throws -> Restart? {
        guard let bytes = try answer[5].bytes else { return nil }
        if from == 0 { return .empty }
        let checkpoint = try Snapshot(decoding: bytes, of: application)
        guard checkpoint.position == from else { throw SnapshotError.damaged }
        return .checkpoint(checkpoint)
    }
}
