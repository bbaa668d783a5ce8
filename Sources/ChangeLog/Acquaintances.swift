// What this process has met of each partition: the generation, and the Redis that told it. Every script is told it, and whoever is sent back
// to a primary that he had left tells it there: the life of such a one has not changed, so nothing else would say that there was another.

import Redis
import Synchronization

/// What is known of one partition. Pure.
struct Acquaintance {
    private struct Meeting {
        var generation: String
        var server: RedisServerIdentity
        /// The number of the connection by which it was told.
        var connection: UInt64
        /// What scripts are told there, made once.
        var life: String
    }

    private var meeting: Meeting?

    var generation: String? { meeting?.generation }

    /// What a script is told on a connection to that server: the life, and the generation that was met, wherever that was.
    ///
    /// - Returns: nil if the connection is an older one than that to the process that was met last, and to another process: it leads to
    ///   a primary that was left. What was met since has nothing to say there.
    func life(on server: RedisServerIdentity, connection: UInt64) -> String? {
        guard let meeting else { return Self.life(server, "") }
        if meeting.server.life == server.life { return meeting.life }
        guard meeting.server.runID == server.runID else {
            return connection < meeting.connection ? nil : Self.life(server, meeting.generation)
        }
        // The same process: its first replica has attached, or the connection does not know yet.
        return Self.life(server, meeting.generation)
    }

    mutating func met(_ generation: String, on server: RedisServerIdentity, connection: UInt64) {
        if let meeting, connection < meeting.connection, meeting.server.runID != server.runID { return }
        self.meeting = Meeting(
            generation: generation, server: server, connection: max(connection, meeting?.connection ?? 0),
            life: Self.life(server, generation))
    }

    private static func life(_ server: RedisServerIdentity, _ generation: String) -> String {
        "\(server.life) \(generation)"
    }
}

final class Acquaintances: Sendable {
    /// By the partition's number.
    private let partitions: Mutex<[Acquaintance]>

    init(partitions: Int) {
        self.partitions = Mutex(Array(repeating: Acquaintance(), count: partitions))
    }

    func life(of partition: Partition, on connection: RedisConnection) -> String? {
        let server = connection.server
        return partitions.withLock { $0[partition.number].life(on: server, connection: connection.number) }
    }

    func generation(of partition: Partition) -> String? {
        partitions.withLock { $0[partition.number].generation }
    }

    func met(
        _ generation: String, of partition: Partition, on server: RedisServerIdentity, by connection: RedisConnection
    ) {
        partitions.withLock { $0[partition.number].met(generation, on: server, connection: connection.number) }
    }
}
