// What stands in Redis of a whole store, read once and without changing anything: for whoever checks a deployment.

package import Fold
package import Redis

package struct StoreInspection: Sendable {
    /// Who works in a partition.
    package struct Lease: Hashable, Sendable {
        package let partition: Int
        package let holder: String
        /// Milliseconds until it runs out.
        package let left: Int64

        package init(partition: Int, holder: String, left: Int64) {
            self.partition = partition
            self.holder = holder
            self.left = left
        }
    }

    /// An application and what is published of it.
    package struct Published: Hashable, Sendable {
        package let application: ApplicationID
        package let position: PositionToken
    }

    /// By the names of their fields; empty if no daemon has met this Redis yet.
    package let settings: [String: String]
    package let partitions: Int
    package let leases: [Lease]
    package let applications: Int
    /// Applications whose log reaches beyond their checkpoint.
    package let dirty: Int
    package let webhooks: Int
    /// Some that something is published of.
    package let samples: [Published]
    /// How each daemon is.
    package let notices: Notices

    /// Applications that are looked at.
    private static let mostSamples = 3

    package static func read(from connection: RedisConnection) async throws(RedisError) -> StoreInspection {
        let settings = pairs(try await connection.send(RedisCommand("HGETALL", .string(StoreKeys.settings))))
        let count = settings["partitions"].flatMap { Int($0) } ?? 0
        let notices = try await Notices.read(.health, from: connection)
        guard StoreSettings.partitionRange.contains(count) else {
            return StoreInspection(
                settings: settings, partitions: 0, leases: [], applications: 0, dirty: 0, webhooks: 0,
                samples: [], notices: notices)
        }
        let webhooks = try await connection.send(RedisCommand("SCARD", .string(StoreKeys.webhookNames))).integer
        var (leases, samples): ([Lease], [Published]) = ([], [])
        var (applications, dirty) = (0, 0)
        for partition in (0..<count).map(Partition.init(number:)) {
            let value = try await connection.send(RedisCommand("GET", .string(partition.lease))).string
            let left = try await connection.send(RedisCommand("PTTL", .string(partition.lease))).integer ?? 0
            if let holder = value?.split(separator: " ").first, left != -2 {
                leases.append(Lease(partition: partition.number, holder: String(holder), left: left))
            }
            dirty += Int(try await connection.send(RedisCommand("SCARD", .string(partition.dirty))).integer ?? 0)
            let inPartition = try await connection.send(RedisCommand("ZCARD", .string(partition.applications))).integer
            applications += Int(inPartition ?? 0)
            if inPartition ?? 0 > 0, samples.count < mostSamples, let sample = try await sample(partition, connection) {
                samples.append(sample)
            }
        }
        return StoreInspection(
            settings: settings, partitions: count, leases: leases, applications: applications, dirty: dirty,
            webhooks: Int(webhooks ?? 0), samples: samples, notices: notices)
    }

    private static func sample(
        _ partition: Partition, _ connection: RedisConnection
    ) async throws(RedisError) -> Published? {
        let first = try await connection.send(RedisCommand("ZRANGE", .string(partition.applications), "0", "0"))
        guard let name = first.array?.first?.string, let application = try? ApplicationID(name) else { return nil }
        let head = try await connection.send(
            RedisCommand("HMGET", .string(partition.head(of: application)), "epoch", "merged"))
        guard let fields = head.array, fields.count == 2, let epoch = fields[0].string.flatMap({ Epoch($0) }),
            let merged = fields[1].string.flatMap({ UInt64($0) }), merged > 0
        else { return nil }
        return Published(application: application, position: PositionToken(epoch: epoch, number: merged))
    }

    private static func pairs(_ reply: RESPValue) -> [String: String] {
        let fields = reply.array ?? []
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            if let name = fields[index].string { pairs[name] = fields[index + 1].string }
        }
        return pairs
    }
}
