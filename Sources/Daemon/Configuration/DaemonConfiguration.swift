// What a daemon is told when it starts, all of it checked.

package import HTTPService
package import Logging
package import Memcached
package import Redis

package struct DaemonConfiguration: Sendable {
    // Process
    package let logLevel: Logger.Level
    package let exitWithParent: Bool
    package let shutdownLimit: Duration
    /// Nil for what fits the socket.
    let drainTime: Duration?
    // Listener
    package private(set) var address: HTTPServer.Address
    /// Listened to already; `address` is its then.
    private(set) var inheritedSocket: CInt?
    package let corsOrigins: [String]
    package let maximumConnections: Int
    package let expressLanes: Bool
    package let eventLoops: Int
    // Limits
    package let connectionsPerAddress: Int?
    package let requestsPerConnection: Int?
    package let rates: RateConfiguration
    // Trust
    package let keys: String?
    package let allowAnonymous: Bool
    package let tlsCertificate: String?
    package let tlsKey: String?
    // Store
    package let redis: RedisAddress
    package let redisCA: String?
    package let memcached: [MemcachedAddress]
    /// Of a store that is made anew.
    package let partitions: Int
    /// Bytes; of a store that is made anew.
    package let stateLimit: Int
    package let repeatWindow: Duration
    /// Nil: the primary's word is enough.
    package let replicaWait: ReplicaWait?
    // Change-bucket
    package let backlogChanges: Int
    /// Bytes.
    package let backlogBytes: Int
    /// Bytes.
    package let partitionBytes: Int
    package let repeatRecords: Int
    package let operationKeep: Duration
    package let operationLimit: Int
    // Merge-daemon
    package let checkpointChanges: Int
    package let checkpointAfter: Duration
    /// Bytes.
    package let documentsMemory: Int
    package let leaseTime: Duration
    package let sweepInterval: Duration
    // State-poll
    package let pollInterval: Duration
    /// Bytes.
    package let tableMemory: Int
    package let waitingClients: Int
    /// Bytes.
    package let presenceDocument: Int
    package let presenceClients: Int
    /// Bytes.
    package let presenceMemory: Int
    package let pages: Bool
    package let pagesPushURL: PublicURL?
    /// For settings that only one program has.
    package let values: SettingValues

    package init(_ values: SettingValues) {
        self.values = values
        logLevel = values.value(Settings.logLevel)
        exitWithParent = values.value(Settings.exitWithParent)
        shutdownLimit = values.value(Settings.shutdownLimit)
        drainTime = values.value(Settings.drainTime)
        address =
            if let path = values.value(Settings.socket) { .unix(path: path) } else {
                .host(values.value(Settings.host), port: values.value(Settings.port))
            }
        corsOrigins = values.value(Settings.corsOrigins)
        maximumConnections = values.value(Settings.maximumConnections)
        expressLanes = values.value(Settings.expressLanes)
        eventLoops = values.value(Settings.eventLoops)
        connectionsPerAddress = values.value(Settings.connectionsPerAddress)
        requestsPerConnection = values.value(Settings.requestsPerConnection)
        rates = RateConfiguration(values)
        keys = values.value(Settings.keys)
        allowAnonymous = values.value(Settings.allowAnonymous)
        tlsCertificate = values.value(Settings.tlsCertificate)
        tlsKey = values.value(Settings.tlsKey)
        redis = values.value(Settings.redisURL)
        redisCA = values.value(Settings.redisCA)
        memcached = values.value(Settings.memcached)
        partitions = values.value(Settings.partitions)
        stateLimit = values.value(Settings.stateLimit)
        repeatWindow = values.value(Settings.repeatWindow)
        let replicas = values.value(Settings.waitForReplicas)
        replicaWait =
            replicas == 0 ? nil : ReplicaWait(replicas: replicas, limit: values.value(Settings.replicaLimit))
        backlogChanges = values.value(Settings.backlogChanges)
        backlogBytes = values.value(Settings.backlogBytes)
        partitionBytes = values.value(Settings.partitionBytes)
        repeatRecords = values.value(Settings.repeatRecords)
        operationKeep = values.value(Settings.operationKeep)
        operationLimit = values.value(Settings.operationLimit)
        checkpointChanges = values.value(Settings.checkpointChanges)
        checkpointAfter = values.value(Settings.checkpointAfter)
        documentsMemory = values.value(Settings.documentsMemory)
        leaseTime = values.value(Settings.leaseTime)
        sweepInterval = values.value(Settings.sweepInterval)
        pollInterval = values.value(Settings.pollInterval)
        tableMemory = values.value(Settings.tableMemory)
        waitingClients = values.value(Settings.waitingClients)
        presenceDocument = values.value(Settings.presenceDocument)
        presenceClients = values.value(Settings.presenceClients)
        presenceMemory = values.value(Settings.presenceMemory)
        pages = values.value(Settings.pages)
        pagesPushURL = values.value(Settings.pagesPushURL)
    }

    /// Listens on a socket that was handed over, whatever host, port and socket say.
    func listening(on socket: InheritedSocket?) -> DaemonConfiguration {
        guard let socket else { return self }
        var configuration = self
        configuration.address = socket.address
        configuration.inheritedSocket = socket.descriptor
        return configuration
    }

    /// Several of the times that clients leave between polls; clients that leave more are told as soon as they come.
    private static let usualDrainTime = Duration.seconds(1)

    /// The listener that belongs to it.
    package var httpServer: HTTPServer.Configuration {
        var limits = HTTPLimits()
        limits.connections = maximumConnections
        limits.connectionsPerAddress = connectionsPerAddress
        limits.requestsPerConnection = requestsPerConnection
        var server = HTTPServer.Configuration(
            address: address, limits: limits, crossOrigin: CrossOriginPolicy(origins: corsOrigins))
        server.expressLanes = expressLanes
        server.inheritedSocket = inheritedSocket
        server.drainTime = drainTime ?? (inheritedSocket == nil ? .zero : Self.usualDrainTime)
        return server
    }
}

extension RateConfiguration {
    init(_ values: SettingValues) {
        self.init()
        clientPushes = values.value(Settings.clientPushes)
        clientPolls = values.value(Settings.clientPolls)
        applicationPushes = values.value(Settings.applicationPushes)
        applicationPolls = values.value(Settings.applicationPolls)
        newApplications = values.value(Settings.clientApplications)
    }
}
