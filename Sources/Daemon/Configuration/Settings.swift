// All settings of all daemons, in groups; a program takes the groups it has use for.

package import HTTPService
package import Logging
package import Memcached
package import RateLimits
package import Redis

/// A namespace for the settings; each is defined once, with its default and the reason for it.
package enum Settings {
    // MARK: Process

    package static let logLevel = Setting<Logger.Level>(
        "log-level", .logLevel, default: .info, help: "Least severe level that is logged.")
    package static let exitWithParent = Setting<Bool>(
        "exit-with-parent", .yesOrNo, default: false,
        help: "Stop when standard input ends, so that no daemon outlives the program that started it.")
    /// Below the 90 s after which systemd kills.
    package static let shutdownLimit = Setting<Duration>(
        "shutdown-limit", .time(.milliseconds(100)...(.seconds(80))), default: .seconds(20),
        help: "Time for answering what is under way when told to stop; then it is cut off.")

    /// Several of the times that clients leave between polls. What comes meanwhile waits for the next daemon, so it is no longer.
    package static let drainTime = Setting<Duration?>(
        "drain-time", .optionalTime(.zero...(.seconds(15))), default: nil,
        help:
            "When told to stop, time for telling each client with its next answer that its connection ends, before what is idle is closed. The default is 1s where systemd keeps the socket, else none."
    )

    /// More than there are cores only makes them change places.
    package static let eventLoops = Setting<Int>(
        "event-loops", .count(1...1_024), default: CoreCount.available,
        help: "Threads for connections; the default is the number of cores this process may use.")

    package static let process = [
        logLevel.description, exitWithParent.description, shutdownLimit.description, drainTime.description,
        eventLoops.description,
    ]

    // MARK: Listener

    package static let host = Setting<String>(
        "host", .text("HOST"), default: "127.0.0.1",
        help: "Address to listen on. Anything but loopback takes --keys or --allow-anonymous.")
    package static let port = Setting<Int>(
        "port", .count(0...65_535, of: "PORT"), default: 8080, help: "Port to listen on; 0 takes a free one.")
    package static let socket = Setting<String?>(
        "socket", .socketPath, default: nil, help: "Unix socket to listen on instead of host and port.")
    package static let corsOrigins = Setting<[String]>(
        "cors-origins", .origins, default: [], help: "Web pages whose scripts may use this server.")
    package static let maximumConnections = Setting<Int>(
        "max-connections", .count(1...1_000_000), default: 10_000,
        help: "Open connections; more wait until one closes. One costs 5 KiB if it polls, else about 28.")

    /// Off for comparing, and in case one of them should ever answer differently.
    package static let expressLanes = Setting<Bool>(
        "express-lanes", .choice, default: true,
        help: "Answer polls and pushes from their bytes, ahead of the HTTP decoder, where that is possible.")

    package static let keys = Setting<String?>(
        "keys", .file, default: nil,
        help:
            "File with the keys of those who may use this server, as “cistern token” makes them; read again when it changes. Without it everybody may do everything, and only this machine is let in."
    )
    package static let allowAnonymous = Setting<Bool>(
        "allow-anonymous", .yesOrNo, default: false,
        help:
            "Listen beyond loopback without --keys: whoever can reach the address may read, change and delete everything. For containers and networks that nobody else is on."
    )
    package static let tlsCertificate = Setting<String?>(
        "tls-certificate", .file, default: nil,
        help:
            "File with the certificate and its chain in PEM, to be spoken to by HTTPS only; read again when it changes."
    )
    package static let tlsKey = Setting<String?>(
        "tls-key", .file, default: nil, help: "File with the private key of the certificate in PEM.")

    package static let listener = [
        host.description, port.description, socket.description, corsOrigins.description, maximumConnections.description,
        expressLanes.description, keys.description, allowAnonymous.description, tlsCertificate.description,
        tlsKey.description,
    ]

    // MARK: Limits

    package static let connectionsPerAddress = Setting<Int?>(
        "max-connections-per-address", .limit(1...1_000_000), default: nil,
        help:
            "Open connections of one address (of IPv6: of 64 bits); more are closed at once. Not behind a proxy, whose address they all have."
    )
    package static let requestsPerConnection = Setting<Int?>(
        "max-requests-per-connection", .limit(1...1_000_000_000), default: nil,
        help: "Requests after which a connection is closed, so that a balancer can give it to another server.")

    /// Whoever has a token, or an address; of all their requests to this process, so divide it by the number of processes.
    package static let clientPushes = Setting<RateLimit?>(
        "client-pushes", .rate, default: nil,
        help:
            "Pushes of one client, which is whoever has the token, or an address: 50/s, or 50/s:200 for 200 at once after a rest. More are refused with 429."
    )
    package static let clientPolls = Setting<RateLimit?>(
        "client-polls", .rate, default: nil,
        help:
            "Polls of one client, in the same way. Clients that keep to the poll interval send 4 a second for each application."
    )
    package static let applicationPushes = Setting<RateLimit?>(
        "application-pushes", .rate, default: nil,
        help: "Pushes to one application, whoever they come from.")
    package static let applicationPolls = Setting<RateLimit?>(
        "application-polls", .rate, default: nil,
        help: "Polls of one application, whoever they come from.")
    package static let clientApplications = Setting<RateLimit?>(
        "client-applications", .rate, default: nil,
        help:
            "Applications that one client may begin to push to, as 20/h; those it pushed to lately are free. No fewer than it uses: after a restart all are new."
    )

    /// Of what is asked of all daemons with routes of applications.
    package static let limits = [
        connectionsPerAddress.description, requestsPerConnection.description, clientPushes.description,
        clientPolls.description, applicationPushes.description, applicationPolls.description,
        clientApplications.description,
    ]

    // MARK: Store

    package static let redisURL = Setting<RedisAddress>(
        "redis-url", .redisAddress, default: RedisAddress(.tcp(host: "127.0.0.1", port: RedisAddress.defaultPort)),
        help:
            "Redis with the log: redis://[user:password@]host[:port][/db], rediss:// for TLS, or unix:///path?db=0. With replicas: redis+sentinel://[user:password@]host:26379,host:26379/name[/db][?sentinel=user:password], or redis://host,host for whichever of them is the primary."
    )
    package static let redisCA = Setting<String?>(
        "redis-ca", .file, default: nil,
        help:
            "File with the certificates in PEM that a rediss:// server's has to lead to; those of this machine without it."
    )
    package static let memcached = Setting<[MemcachedAddress]>(
        "memcached", .memcachedAddresses,
        default: [.tcp(host: "127.0.0.1", port: MemcachedAddress.defaultPort)],
        help:
            "memcached servers: memcached://host:port or unix:///path, the same list in the same order for all daemons."
    )
    package static let partitions = Setting<Int>(
        "partitions", .count(1...1_024), default: 64,
        help: "Partitions of a new store; an existing store keeps its number.")
    package static let stateLimit = Setting<Int>(
        "state-limit", .bytes(1_024...(64 << 20)), default: 4 << 20,
        help: "Largest state of an application in a new store; an existing store keeps its limit.")
    /// How long a client may be away with an unacknowledged change.
    package static let repeatWindow = Setting<Duration>(
        "repeat-window", .time(.seconds(60)...(.seconds(30 * 86_400))), default: .seconds(86_400),
        help: "Time for which repeats of a change are recognised; costs up to 208 bytes per change in Redis.")

    /// 0: a failover may lose the changes of the last moments; the epoch changes then.
    package static let waitForReplicas = Setting<Int>(
        "wait-for-replicas", .count(0...100), default: 0,
        help: "Replicas of Redis that have to have a change before it is acknowledged.")
    /// Far below the 5 s that a command of Redis may take, since a connection does nothing else while it waits.
    package static let replicaLimit = Setting<Duration>(
        "replica-limit", .time(.milliseconds(10)...(.seconds(2))), default: .seconds(1),
        help: "Time that these replicas may take; later the answer is 503, and the change is sent again.")

    package static let store = [
        redisURL.description, redisCA.description, memcached.description, partitions.description,
        stateLimit.description, repeatWindow.description, waitForReplicas.description, replicaLimit.description,
    ]

    // MARK: Change-bucket

    package static let backlogChanges = Setting<Int>(
        "backlog-changes", .count(1...1_000_000), default: 10_000,
        help: "Changes of one application that may wait to be merged; more are refused with 429.")
    package static let backlogBytes = Setting<Int>(
        "backlog-bytes", .bytes((1 << 20)...(1 << 30)), default: 64 << 20,
        help: "Bytes of changes of one application that may wait to be merged.")
    package static let partitionBytes = Setting<Int>(
        "partition-bytes", .bytes((16 << 20)...(64 << 30)), default: 256 << 20,
        help: "Bytes of changes that may wait to be merged in one partition, of all its applications.")
    /// 1 GB at about 140 bytes each.
    package static let repeatRecords = Setting<Int>(
        "repeat-records", .count(1_000...100_000_000), default: 7_000_000,
        help: "Change ids that a partition remembers at a time; more are refused with 429. Numbered changes cost none.")

    package static let operationKeep = Setting<Duration>(
        "operation-keep", .time(.seconds(60)...(.seconds(30 * 86_400))), default: .seconds(86_400),
        help: "Time for which an operation that is over, and its result, can be asked for.")
    package static let operationLimit = Setting<Int>(
        "operation-limit", .count(1...1_000_000), default: 10_000,
        help: "Operations of one application that may wait or be at work; more are refused with 429.")

    package static let bucket = [
        backlogChanges.description, backlogBytes.description, partitionBytes.description, repeatRecords.description,
        operationKeep.description, operationLimit.description,
    ]

    // MARK: Merge-daemon

    package static let checkpointChanges = Setting<Int>(
        "checkpoint-changes", .count(1...100_000), default: 1_000,
        help: "Merged changes after which an application's state is stored in Redis and its log trimmed.")
    package static let checkpointAfter = Setting<Duration>(
        "checkpoint-after", .time(.milliseconds(10)...(.seconds(3_600))), default: .seconds(1),
        help: "Time after which the same happens, however few changes there are.")
    package static let documentsMemory = Setting<Int>(
        "documents-memory", .bytes((16 << 20)...(1 << 40)), default: 1 << 30,
        help: "Memory for the documents that are being worked on.")
    /// Several sweeps long, so that one slow answer of Redis does not cost a lease.
    package static let leaseTime = Setting<Duration>(
        "lease-time", .time(.seconds(1)...(.seconds(60))), default: .seconds(5),
        help: "Time for which a merge daemon keeps a partition without being heard of.")
    package static let sweepInterval = Setting<Duration>(
        "sweep-interval", .time(.milliseconds(10)...(.seconds(10))), default: .milliseconds(250),
        help: "Time between looks for changes whose hint was lost.")

    package static let merging = [
        checkpointChanges.description, checkpointAfter.description, documentsMemory.description, leaseTime.description,
        sweepInterval.description,
    ]

    // MARK: State-poll

    package static let pollInterval = Setting<Duration>(
        "poll-interval", .time(.milliseconds(10)...(.seconds(60))), default: .milliseconds(250),
        help: "Time that clients are told to leave between polls; it grows under load.")
    package static let tableMemory = Setting<Int>(
        "table-memory", .bytes((8 << 20)...(1 << 40)), default: 256 << 20,
        help: "Memory for states that are being polled.")

    /// Half a KiB each beside its connection; more than common limits of connections, so that these come first.
    package static let waitingClients = Setting<Int>(
        "waiting-clients", .count(1...10_000_000), default: 100_000,
        help:
            "Clients that may wait for news at a time; beyond, polls are answered at once, streams and sockets told to come back."
    )
    /// A name, a cursor, a selection. What is larger belongs into the state.
    package static let presenceDocument = Setting<Int>(
        "presence-document", .bytes(64...(64 << 10)), default: 4 << 10,
        help: "Largest document of a client that is present; the same for all state-polls of a store.")
    /// With the largest documents everybody together are 4 MiB, as a state may be.
    package static let presenceClients = Setting<Int>(
        "presence-clients", .count(1...100_000), default: 1_000,
        help: "Clients that may be present in an application; more are refused with 429.")
    /// 150,000 clients with documents of 200 bytes.
    package static let presenceMemory = Setting<Int>(
        "presence-memory", .bytes((64 << 10)...(1 << 40)), default: 64 << 20,
        help: "Memory for all clients that are present; more are refused with 429.")

    /// Off where a web server has them, or nobody is to see them.
    package static let pages = Setting<Bool>(
        "pages", .choice, default: true,
        help: "Serve the JavaScript client, /demo/ and /dashboard/.")

    /// Where change-bucket and state-poll are reached by two URLs.
    package static let pagesPushURL = Setting<PublicURL?>(
        "pages-push-url", .publicURL, default: nil,
        help:
            "Where browsers reach the change-bucket, if not by the URL of the pages; its --cors-origins has to name theirs."
    )

    package static let polling = [
        pollInterval.description, tableMemory.description, waitingClients.description, presenceDocument.description,
        presenceClients.description, presenceMemory.description, pages.description, pagesPushURL.description,
    ]
}
