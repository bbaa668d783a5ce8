// Who works where: leases on partitions, shared among the merge daemons that are alive. All of it saves double work; correctness
// rests on the scripts' own checks.

import Redis

package enum LeaseAnswer: Hashable, Sendable {
    /// The lease is the caller's, with this fencing number.
    case held(fence: UInt64)
    case heldBy(String)
    case givenBack
}

extension ChangeLog {
    /// Takes or renews the lease of a partition for `duration`; `.zero` gives it back.
    package func lease(
        _ partition: Partition, to daemon: String, for duration: Duration
    ) async throws(LogError) -> LeaseAnswer {
        let answer = try await call(
            Scripts.lease, in: partition, keys: [partition.lease],
            [
                .string(daemon), .milliseconds(duration), .integer(Int64(settings.foldVersion)), .string(nonce()),
            ])
        do throws(RedisError) {
            switch answer.tag {
            case "ok": return .held(fence: try answer.number(0))
            case "held": return .heldBy(try answer.text(0))
            case "given": return .givenBack
            default: throw answer.unexpected
            }
        } catch {
            throw LogError(error)
        }
    }

    /// Says that a merge daemon is alive for the next `duration`; `.zero` says that it leaves.
    ///
    /// - Returns: the daemons that are alive, sorted.
    package func report(daemon: String, aliveFor duration: Duration) async throws(LogError) -> [String] {
        do throws(RedisError) {
            let connection = try await client.connection()
            let reply = try await connection.evaluate(
                Scripts.daemons, keys: [.string(StoreKeys.daemons)],
                arguments: [.string(daemon), .milliseconds(duration)])
            return (reply.array ?? []).compactMap(\.string).sorted()
        } catch {
            throw LogError(error)
        }
    }

    /// Tells the merge daemons to see at once what is theirs, rather than when they next renew their leases.
    package func announceLeases() async throws(LogError) {
        do {
            _ = try await client.send(RedisCommand("PUBLISH", .string(StoreKeys.leases), ""))
        } catch {
            throw LogError(error)
        }
    }

    /// Says in the settings of the store that it is folded by this version from now on: daemons of an older one do not start any more.
    package func raiseFoldVersion() async throws(LogError) {
        guard settings.storedFoldVersion < settings.foldVersion else { return }
        do {
            _ = try await client.send(
                RedisCommand(
                    "HSET", .string(StoreKeys.settings), "fold_version", .integer(Int64(settings.foldVersion))))
        } catch {
            throw LogError(error)
        }
    }

    /// Applications of a partition that have log left beyond their checkpoint: something to fold, or something to trim.
    package func dirtyApplications(in partition: Partition) async throws(LogError) -> [String] {
        do throws(RedisError) {
            let reply = try await client.send(RedisCommand("SMEMBERS", .string(partition.dirty)))
            return (reply.array ?? []).compactMap(\.string)
        } catch {
            throw LogError(error)
        }
    }

    package func applicationCount(in partition: Partition) async throws(LogError) -> Int {
        do {
            return Int(try await client.send(RedisCommand("ZCARD", .string(partition.applications))).integer ?? 0)
        } catch {
            throw LogError(error)
        }
    }

    /// Records of single changes that a partition has, those included that have expired within the last hour.
    package func repeatRecords(in partition: Partition) async throws(LogError) -> Int {
        do {
            let reply = try await client.send(RedisCommand("HGET", .string(partition.records), "total"))
            return Int(reply.integer ?? 0)
        } catch {
            throw LogError(error)
        }
    }
}
