/// How to reach one Redis, and every limit of the connections to it.
package struct RedisConfiguration: Sendable {
    package var address: RedisAddress
    /// What servers are believed by that `rediss://` leads to.
    package var roots = RedisRoots.system
    /// Shown by CLIENT LIST. No spaces.
    package var clientName = "cistern"

    /// For the socket to open and the server to say who it is.
    package var connectTimeout = Duration.seconds(2)
    /// From sending a command to its reply. Redis itself calls a script slow after 5 s. When it is over the connection
    /// is closed and everything in flight on it fails with `outcomeUnknown`.
    package var commandTimeout = Duration.seconds(5)
    package var inFlight = InFlightLimits()
    /// What `waitForReplicas` waits for; nil for nothing.
    package var replicaWait: ReplicaWait?

    /// How long a caller waits for a connection to become ready.
    package var connectionWait = Duration.seconds(1)
    /// How many callers may wait for one at a time; each costs a task that is kept.
    package var waitingLimit = 4_096

    /// How often sentinels, or the servers of a list, are asked who the primary is. As long as that a primary that was promoted over and
    /// is alive may still be used.
    package var primaryInterval = Duration.milliseconds(100)
    /// How long they may take: less than a failover takes anyway.
    package var primaryAnswerTimeout = Duration.seconds(1)

    /// How long to wait between attempts to connect.
    package var backoff = Backoff()

    /// How often a subscriber asks whether the server is still there. A server that has not answered by the next time
    /// is given up.
    package var keepAlive = Duration.seconds(2)
    /// How many channels may be subscribed to at a time.
    package var subscriptionLimit = 100_000

    package init(address: RedisAddress) {
        self.address = address
    }

    package struct InFlightLimits: Sendable {
        /// Commands of one connection without a reply yet.
        package var commands = 8_192
        /// Bytes of these commands: 64 MiB, room for the largest checkpoints and a full group commit beside them.
        package var bytes = 64 * 1_024 * 1_024

        package init() {}
    }
}
