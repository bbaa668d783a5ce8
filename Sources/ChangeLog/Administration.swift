// What operators ask of the log.

package import Fold
import Redis

package enum DeleteAnswer: Hashable, Sendable {
    case deleted
    case unknown
    /// The application has another version than the one it was to have.
    case mismatch(VersionToken)
}

package enum StatusAnswer: Hashable, Sendable {
    case known(PositionToken, ChangeStatus)
    case deleted
    case unknown
}

extension ChangeLog {
    /// Deletes state and log of an application. Its changes' ids stay refused until their records expire.
    package func delete(
        _ application: ApplicationID, ifVersion version: VersionToken? = nil
    ) async throws(LogError) -> DeleteAnswer {
        let partition = partition(of: application)
        let answer = try await call(
            Scripts.delete, in: partition, about: application,
            keys: [
                partition.head(of: application), partition.log(of: application), partition.checkpoint(of: application),
                partition.dirty, partition.applications,
            ],
            [
                .string(application.description), .string(partition.merged(application)),
                .string(version?.description ?? ""),
            ])
        do throws(RedisError) {
            switch answer.tag {
            case "ok": return .deleted
            case "none": return .unknown
            case "mismatch":
                guard let version = VersionToken(try answer.text(0)) else { throw answer.unexpected }
                return .mismatch(version)
            default: throw answer.unexpected
            }
        } catch {
            throw LogError(error)
        }
    }

    package func status(
        of change: ChangeID, in application: ApplicationID
    ) async throws(LogError) -> StatusAnswer {
        let partition = partition(of: application)
        let answer = try await call(
            Scripts.status, in: partition, about: application,
            keys: [partition.head(of: application)] + partition.windows(of: application)
                + [partition.client(of: change, of: application)].compactMap(\.self),
            [.string(change.description), .string(change.numberArgument)])
        do throws(RedisError) {
            guard answer.tag == "ok" else {
                if answer.tag == "unknown" { return .unknown }
                throw answer.unexpected
            }
            switch try AppendOutcome(answer.answer(answer[2]), merged: answer.number(1)) {
            case .known(let position, let status):
                return .known(PositionToken(epoch: try answer.epoch(0), number: position), status)
            case .refused(.deleted): return .deleted
            case .refused, .appended: throw answer.unexpected
            }
        } catch {
            throw LogError(error)
        }
    }

    /// Applications whose id starts with `prefix`, by id, the first `limit` of those behind `after`.
    package func applications(
        prefix: String, after: ApplicationID?, limit: Int
    ) async throws(LogError) -> [ApplicationID] {
        // Identifiers are ASCII, so 0xff is behind every one that starts with the prefix.
        let from = after.map { "(" + $0.description } ?? ""
        let lower = from.isEmpty || String(from.dropFirst()) < prefix ? "[" + prefix : from
        do throws(RedisError) {
            var found: [ApplicationID] = []
            for partition in partitions {
                let command = RedisCommand(
                    "ZRANGE", .string(partition.applications), .string(lower),
                    .bytes(Array("(\(prefix)".utf8) + [0xff]),
                    "BYLEX", "LIMIT", "0", .integer(Int64(limit)))
                let reply = try await client.send(command)
                found += (reply.array ?? []).compactMap { value in value.string.flatMap { try? ApplicationID($0) } }
            }
            return Array(found.sorted { $0.description < $1.description }.prefix(limit))
        } catch {
            throw LogError(error)
        }
    }
}

extension ChangeLog {
    /// The rejections that are written down for changes at known positions; nil for each that has none.
    package func rejections(
        of changes: [(id: ChangeID, position: UInt64)], in application: ApplicationID
    ) async throws(LogError) -> [Rejection?] {
        guard !changes.isEmpty else { return [] }
        let partition = partition(of: application)
        let ids = changes.map { RedisArgument.string($0.id.description) }
        var rejections: [Rejection?] = Array(repeating: nil, count: changes.count)
        do {
            for window in partition.windows(of: application) {
                let reply = try await client.send(RedisCommand("HMGET", [.string(window)] + ids))
                for (index, record) in (reply.array ?? []).prefix(changes.count).enumerated() {
                    // `<creation> <position> <digest> <rejection>`: see record_value in common.lua.
                    let fields = record.string?.split(separator: " ", maxSplits: 3) ?? []
                    guard fields.count == 4, UInt64(fields[1]) == changes[index].position else { continue }
                    rejections[index] = Rejection(String(fields[3]))
                }
            }
            return rejections
        } catch {
            throw LogError(error)
        }
    }
}
