// The log of changes: per application a Redis list, its head replaced now and then by a checkpoint. Every operation is one Lua
// script (see Scripts/), atomic in one partition, and may be repeated as it is.

package import Fold
package import Logging
package import Redis

/// Where to find the snapshot that may know more than a Redis that lost the end of its log.
package protocol SnapshotSource: Sendable {
    /// The snapshot that the cache has, of whatever epoch; nil if there is none, or none that can be believed.
    func snapshot(of application: ApplicationID) async -> Snapshot?
}

/// How long records live and how much may wait.
package struct LogLimits: Sendable, Equatable {
    /// How long a change's id is remembered at least, so that its repeat is recognised.
    package var repeatWindow: Duration = .seconds(24 * 60 * 60)
    /// How far an id's time may lie ahead of Redis' clock. Also added to the life of records, so that a repeat at the very
    /// end of the window is still recognised.
    package var clockTolerance: Duration = .seconds(5 * 60)
    /// How long the record of a client that numbers its changes outlives its last change.
    package var clientLifetime: Duration = .seconds(30 * 24 * 60 * 60)
    /// Changes of one application that may wait to be merged.
    package var backlogChanges = 10_000
    /// Bytes of one application's log in Redis, waiting or merged since the last checkpoint.
    package var backlogBytes = 64 << 20
    /// Bytes of all logs of a partition together: however many applications there are, 64 partitions hold 16 GiB at most.
    package var partitionBytes = 256 << 20

    /// Records of single changes that a partition may have. At about 140 bytes each this is 1 GB: 58 changes a second in every
    /// partition, since records count for up to 33 hours. A client that numbers its changes costs one record, however many they are.
    package var repeatRecords = 7_000_000

    package init() {}

    var recordLifetime: Duration { repeatWindow + clockTolerance }
}

package struct ChangeLog: Sendable {
    package let settings: StoreSettings
    package let limits: LogLimits
    let client: RedisClient
    /// On whose connections changes are appended, and replicas waited for.
    let appender: RedisClient
    let snapshots: any SnapshotSource
    let logger: Logger
    let appendScript: RedisScript
    let acquaintances: Acquaintances

    /// How often an operation is tried anew because the Redis life had changed or the application had to be adopted. One life
    /// change takes two; more than a few in a row mean that Redis does not settle.
    static let maximumAttempts = 8

    /// - Parameter appender: A client of its own for appending, if replicas are waited for: a connection that waits does nothing else.
    package init(
        client: RedisClient, appender: RedisClient? = nil, settings: StoreSettings, snapshots: any SnapshotSource,
        limits: LogLimits = LogLimits(), logger: Logger
    ) {
        self.client = client
        self.appender = appender ?? client
        self.settings = settings
        self.snapshots = snapshots
        self.limits = limits
        self.logger = logger
        appendScript = Scripts.append(limits)
        acquaintances = Acquaintances(partitions: settings.partitions)
    }

    package func partition(of application: ApplicationID) -> Partition {
        Partition(of: application, among: settings.partitions)
    }

    package var partitions: [Partition] { (0..<settings.partitions).map(Partition.init(number:)) }

    /// Runs a script of a partition until it gives an answer of its own, settling changed lives and generations on the way.
    ///
    /// - Returns: the answer: its tag, and what comes behind it.
    func call(
        _ script: RedisScript, in partition: Partition, about application: ApplicationID? = nil, keys: [String],
        _ arguments: [RedisArgument]
    ) async throws(LogError) -> ScriptAnswer {
        try await call(
            script, in: partition, about: application, keys: RedisArguments([partition.server] + keys),
            RedisArguments(arguments), by: client
        ).answer
    }

    /// - Parameters:
    ///   - keys: the partition's server hash first.
    ///   - arguments: without the life, which goes in front of them.
    /// - Returns: the connection too, for waiting for replicas.
    func call(
        _ script: RedisScript, in partition: Partition, about application: ApplicationID?, keys: RedisArguments,
        _ arguments: RedisArguments, by client: RedisClient
    ) async throws(LogError) -> (answer: ScriptAnswer, connection: RedisConnection) {
        // After a recovery the same connection goes on: another one may not know yet whom it is connected to.
        var recovered: RedisConnection?
        for _ in 0..<Self.maximumAttempts {
            do {
                let (connection, life) = try await self.connection(recovered, of: client, for: partition)
                var lifeAndArguments: RedisArguments = [.string(life)]
                lifeAndArguments.append(arguments)
                let reply = try await connection.evaluate(script, keys: keys, arguments: lifeAndArguments)
                let answer = try ScriptAnswer(reply, of: script)
                switch answer.tag {
                case "stale-life":
                    try await recover(partition, on: connection)
                    recovered = connection
                case "adopt":
                    guard let application else { return (answer, connection) }
                    try await adopt(application, in: partition, on: connection, life)
                    recovered = connection
                default: return (answer, connection)
                }
            } catch RedisError.connectionClosing {
                // Nothing was sent: another one takes it.
                recovered = nil
            } catch let error as LogError {
                throw error
            } catch let error as RedisError {
                throw LogError(error)
            } catch {
                throw .failed(.unexpectedReply("\(error)"))
            }
        }
        throw .unsettled(attempts: Self.maximumAttempts)
    }

    /// Runs a script of another module that keeps its keys in this partition, and knows a Redis life that is not the partition's.
    ///
    /// - Parameters:
    ///   - keys: those behind the partition's server hash.
    ///   - isWriting: the answer is given when as many replicas have what was written as a push waits for.
    package func run(
        _ script: RedisScript, in partition: Partition, keys: [String], _ arguments: RedisArguments, isWriting: Bool
    ) async throws(LogError) -> ScriptAnswer {
        let (answer, connection) = try await call(
            script, in: partition, about: nil, keys: RedisArguments([partition.server] + keys), arguments,
            by: isWriting ? appender : client)
        if isWriting { do { try await connection.waitForReplicas() } catch { throw LogError(error) } }
        return answer
    }

    /// Runs a script that is about the whole store, and so about no partition's life.
    package func run(
        _ script: RedisScript, keys: [String], _ arguments: RedisArguments, isWriting: Bool
    ) async throws(LogError) -> ScriptAnswer {
        do throws(RedisError) {
            let connection = try await (isWriting ? appender : client).connection()
            let reply = try await connection.evaluate(script, keys: RedisArguments(keys), arguments: arguments)
            if isWriting { try await connection.waitForReplicas() }
            return try ScriptAnswer(reply, of: script)
        } catch {
            throw LogError(error)
        }
    }

    /// A connection that is ready, and what a script of the partition is told there. Those that were made before the present primary was
    /// met elsewhere are closed.
    private func connection(
        _ preferred: RedisConnection?, of client: RedisClient, for partition: Partition
    ) async throws(RedisError) -> (RedisConnection, life: String) {
        var preferred = preferred
        while true {
            let connection: RedisConnection
            if let preferred, preferred.isUsable {
                connection = preferred
            } else {
                connection = try await client.connection()
            }
            if let life = acquaintances.life(of: partition, on: connection) { return (connection, life) }
            connection.close()
            preferred = nil
        }
    }

    /// Makes the partition know the Redis that this connection is on now, and this process the partition's generation there.
    private func recover(_ partition: Partition, on connection: RedisConnection) async throws {
        let identity = try await connection.refreshIdentity()
        let reply = try await connection.evaluate(
            Scripts.recover, keys: [.string(partition.server)],
            arguments: [
                .string(identity.life), .string(nonce()), .string(acquaintances.generation(of: partition) ?? ""),
            ])
        let answer = try ScriptAnswer(reply, of: Scripts.recover)
        guard answer.tag == "ok" else { throw answer.unexpected }
        let generation = try answer.text(0)
        acquaintances.met(generation, of: partition, on: identity, by: connection)
        logger.debug(
            "A partition has met its Redis",
            metadata: [
                "partition": "\(partition)", "run_id": "\(identity.runID)", "replid": "\(identity.masterReplID)",
                "generation": "\(generation)",
            ])
    }

    /// Gives the application its partition's generation, with the help of the snapshot if that knows more than the log.
    private func adopt(
        _ application: ApplicationID, in partition: Partition, on connection: RedisConnection, _ life: String
    ) async throws {
        var snapshot = await snapshots.snapshot(of: application)
        let records = (try? snapshot?.records().elements) ?? []
        // Without its records it must not be believed.
        if records.isEmpty { snapshot = nil }
        let firstPosition = (snapshot?.position ?? 0) - UInt64(records.count) + 1
        var keys = [
            partition.head(of: application), partition.log(of: application), partition.checkpoint(of: application),
            partition.dirty,
        ]
        keys += partition.windows(of: application)
        var arguments: [RedisArgument] = [
            .string(application.description), .string(partition.merged(application)),
            .milliseconds(limits.recordLifetime), .milliseconds(limits.clientLifetime),
            .string(snapshot?.epoch.description ?? ""), .number(snapshot?.position ?? 0),
            .number(snapshot?.version ?? 0),
            .number(snapshot?.logBytes ?? 0), .integer(Int64(snapshot?.state.count ?? 0)),
            .bytes(snapshot?.withoutRecords.encoded() ?? []),
        ]
        for (index, record) in records.enumerated() {
            if let client = record.id.flatMap({ partition.client(of: $0, of: application) }) { keys.append(client) }
            // An entry that nobody could read has no record.
            arguments += [
                .string(record.id?.description ?? ""), .number(firstPosition + UInt64(index)),
                .string(record.id == nil ? "" : record.digest.description),
                .string(record.rejection?.description ?? ""), .string(record.id?.numberArgument ?? ""),
            ]
        }
        let reply = try await connection.evaluate(
            Scripts.adopt, keys: RedisArguments([partition.server] + keys),
            arguments: RedisArguments([.string(life)] + arguments))
        let tag = try ScriptAnswer(reply, of: Scripts.adopt).tag
        logger.notice(
            "An application was adopted after a change of the Redis life",
            metadata: [
                "app": "\(application)", "answer": "\(tag)",
                "snapshot": "\(snapshot?.positionToken.description ?? "none")",
            ])
    }

    /// Redis seeds Lua's randomness alike in every run, so it is brought along: 48 bits.
    func nonce() -> String {
        String(UInt64.random(in: 0..<(1 << 48)), radix: 36)
    }
}

extension RedisArgument {
    package static func number(_ number: UInt64) -> RedisArgument { .integer(Int64(clamping: number)) }

    package static func milliseconds(_ duration: Duration) -> RedisArgument { .integer(duration.milliseconds) }
}

extension Duration {
    package var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
