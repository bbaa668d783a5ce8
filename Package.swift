// swift-tools-version: 6.2

import PackageDescription

/// One set of rules for every target: Swift 6 mode, every use of unsafe memory marked, warnings are errors.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

func daemon(
    _ name: String, folder: String, servesClients: Bool = true, _ dependencies: [Target.Dependency]
) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies + ["Daemon"],
        path: "Daemons/\(folder)",
        exclude: ["\(folder).service"] + (servesClients ? ["\(folder).socket"] : []),
        swiftSettings: settings
    )
}

/// What tests of whole systems run, and so have to be built with them.
let daemons: [Target.Dependency] = ["change-bucket", "merge-daemon", "courier", "state-poll", "cistern-front"]

/// The Lua scripts, compiled into ChangeLog.
let scripts = [
    "common", "generations", "recover", "adopt", "append", "look", "read", "merged", "checkpoint", "delete", "status",
    "lease", "daemons", "settings", "post", "notices",
]

/// Those of long-running operations, compiled into OperationQueue.
let operationScripts = [
    "common", "create", "get", "result", "claim", "leased", "heartbeat", "succeed", "fail", "giveback", "cancel",
    "retry", "list", "news", "told", "tally",
]

/// Those of webhooks, compiled into WebhookQueue.
let webhookScripts = [
    "common", "look", "events", "fanout", "marked", "versions", "hand", "claim", "settle", "drop", "get", "list",
    "replay",
    "requeue", "mark", "unmark", "emit", "hooks", "hook", "puthook", "deletehook", "report",
]

let package = Package(
    name: "cistern",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CisternClient", targets: ["CisternClient"]),
        .executable(name: "cistern", targets: ["cistern"]),
        .executable(name: "change-bucket", targets: ["change-bucket"]),
        .executable(name: "merge-daemon", targets: ["merge-daemon"]),
        .executable(name: "courier", targets: ["courier"]),
        .executable(name: "state-poll", targets: ["state-poll"]),
        .executable(name: "cistern-front", targets: ["cistern-front"]),
    ],
    dependencies: [
        // 2.100 fixed CVE-2026-28980 (header block) and CVE-2026-28970 (start line).
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        // Servers' TLS, Redis' and that of the client's sockets; the requests' comes with async-http-client, which uses it too.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.36.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        // Its FilePath is part of swift-subprocess' interface.
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    ],
    targets: [
        // Pure: values, no I/O.
        .target(name: "Documents", swiftSettings: settings),
        // The processor's instructions for checksums, which Swift has no words for.
        .target(name: "CChecksum"),
        .target(name: "Fold", dependencies: ["Documents", "CChecksum", crypto], swiftSettings: settings),
        // Who may do what, and the tokens that say so.
        .target(name: "Grants", dependencies: ["Documents", "Fold"], swiftSettings: settings),
        .target(
            name: "Trust", dependencies: ["Documents", "Fold", "Grants", crypto, jwt, log], swiftSettings: settings),

        // Long-running operations: what is asked for and what is said of them.
        .target(name: "Operations", dependencies: ["Documents", "Fold", crypto], swiftSettings: settings),

        // Webhooks: subscriptions, signatures, when and to which addresses something is sent.
        .target(
            name: "Webhooks", dependencies: ["Documents", "Fold", "Grants", "Operations", crypto],
            swiftSettings: settings),

        // How often somebody may do something.
        .target(name: "RateLimits", swiftSettings: settings),

        // The three C libraries, each behind one module.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CMemcached", providers: [.apt(["libmemcached-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Gzip", dependencies: ["CZlib", nioCore], swiftSettings: settings),
        .target(
            name: "Redis", dependencies: ["CHiredis", nioCore, nioPosix, nioSSL, log, metrics, collections, lifecycle],
            swiftSettings: settings),
        .target(
            name: "Memcached", dependencies: ["CMemcached", nioCore, nioPosix, log, metrics], swiftSettings: settings),

        // The log of changes and the cache of their fold.
        .target(
            name: "ChangeLog", dependencies: ["Documents", "Fold", "Redis", nioCore, nioPosix, log],
            resources: scripts.map { .embedInCode("Scripts/\($0).lua") }, swiftSettings: settings),
        .target(name: "SnapshotCache", dependencies: ["Fold", "Memcached", log, metrics], swiftSettings: settings),
        // Long-running operations in Redis, in the log's partitions.
        .target(
            name: "OperationQueue",
            dependencies: ["Documents", "Fold", "Operations", "Redis", "ChangeLog", log, metrics, lifecycle],
            resources: operationScripts.map { .embedInCode("Scripts/\($0).lua") }, swiftSettings: settings),

        // Webhooks in Redis: subscriptions beside the partitions, events and deliveries in them.
        .target(
            name: "WebhookQueue", dependencies: ["Documents", "Fold", "Webhooks", "Redis", "ChangeLog"],
            resources: webhookScripts.map { .embedInCode("Scripts/\($0).lua") }, swiftSettings: settings),

        // What every daemon is made of.
        .target(name: "Telemetry", dependencies: [metrics, log], swiftSettings: settings),
        .target(
            name: "HTTPService",
            dependencies: [
                "Documents", "Fold", "Grants", "RateLimits", hummingbird, hummingbirdCore, nioCore, nioPosix, nioExtras,
                nioHTTP1, nioSSL, httpTypes, log, metrics, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "LogAnswers", dependencies: ["Documents", "Fold", "ChangeLog", "HTTPService", httpTypes],
            swiftSettings: settings),
        .target(
            name: "ChangeBucket",
            dependencies: [
                "Documents", "Fold", "Redis", "ChangeLog", "HTTPService", "LogAnswers", hummingbird, nioCore, httpTypes,
                log, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "OperationService",
            dependencies: [
                "Documents", "Fold", "Operations", "OperationQueue", "Redis", "ChangeLog", "HTTPService", "LogAnswers",
                hummingbird, nioCore, httpTypes, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "WebhookService",
            dependencies: [
                "Documents", "Fold", "Grants", "Webhooks", "WebhookQueue", "Operations", "OperationQueue", "ChangeLog",
                "HTTPService", "LogAnswers", hummingbird, nioCore, httpTypes,
            ], swiftSettings: settings),
        .target(
            name: "Merging",
            dependencies: ["Fold", "Redis", "ChangeLog", "SnapshotCache", collections, log, metrics, lifecycle],
            swiftSettings: settings),
        .target(
            name: "StatePoll",
            dependencies: [
                "Documents", "Fold", "Redis", "ChangeLog", "SnapshotCache", "HTTPService", "LogAnswers", "Gzip",
                "Presence", "Sockets", hummingbird, nioCore, heap,
                httpTypes, log, metrics, lifecycle,
            ],
            swiftSettings: settings),
        // Webhooks on their way: what a courier does.
        .target(
            name: "Delivering",
            dependencies: [
                "Documents", "Fold", "Webhooks", "WebhookQueue", "Operations", "OperationQueue", "Redis", "ChangeLog",
                "SnapshotCache", httpClient, nioCore, nioPosix, nioSSL, log, metrics, lifecycle,
            ], swiftSettings: settings),
        // The client for browsers and Node, and the pages: all that is in its folder `Web`.
        .target(
            name: "Pages", dependencies: ["HTTPService", "Gzip", hummingbird, nioCore, httpTypes, crypto],
            exclude: ["Web"], swiftSettings: settings, plugins: ["EmbedFiles"]),
        .plugin(
            name: "EmbedFiles", capability: .buildTool(), dependencies: ["embed-files"], path: "Sources/EmbedFiles"),
        .executableTarget(name: "embed-files", swiftSettings: settings),
        .target(
            name: "Presence",
            dependencies: [
                "Documents", "Fold", "Redis", "ChangeLog", "HTTPService", "LogAnswers", hummingbird, nioCore, httpTypes,
                crypto, log, metrics, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "Sockets",
            dependencies: [
                "Documents", "Fold", "RateLimits", "HTTPService", "LogAnswers", nioCore, nioExtras, nioHTTP1,
                nioHTTPTypesHTTP1,
                nioWebSocket, httpTypes,
            ], swiftSettings: settings),
        .target(
            name: "Daemon",
            dependencies: [
                "Documents", "Fold", "Redis", "Memcached", "ChangeLog", "SnapshotCache", "HTTPService", "Telemetry",
                "Grants", "Trust", "RateLimits", "Webhooks", configuration, log, metrics, lifecycle, unixSignals,
                nioCore, nioPosix,
                nioSSL,
            ],
            swiftSettings: settings),

        // What change-bucket is made of, and what state-poll is; the front has both.
        .target(
            name: "PushServing",
            dependencies: ["ChangeBucket", "OperationService", "WebhookService", "HTTPService", "Daemon"],
            swiftSettings: settings),
        .target(
            name: "StateServing",
            dependencies: [
                "Redis", "ChangeLog", "SnapshotCache", "HTTPService", "StatePoll", "Presence", "Sockets", "Pages",
                "Daemon", lifecycle,
            ],
            swiftSettings: settings),

        // For users.
        .target(
            name: "CisternClient",
            dependencies: [
                "Documents", "Fold", httpClient, nioCore, nioPosix, nioHTTP1, nioWebSocket, nioSSL, system, log,
            ],
            swiftSettings: settings),

        // Programs.
        daemon("change-bucket", folder: "change-bucket", ["PushServing"]),
        daemon(
            "merge-daemon", folder: "merge-daemon", servesClients: false,
            ["Documents", "HTTPService", "Merging", "OperationQueue"]),
        daemon(
            "courier", folder: "courier", servesClients: false, ["Documents", "HTTPService", "Delivering", nioCore]),
        daemon("state-poll", folder: "state-poll", ["StateServing"]),
        daemon("cistern-front", folder: "cistern-front", ["PushServing", "StateServing"]),
        .executableTarget(
            name: "cistern",
            dependencies: [
                "CisternClient", "Documents", "Fold", "Redis", "Memcached", "ChangeLog", "Grants", "Trust", "Webhooks",
                arguments, subprocess, system, unixSignals, crypto, log, nioCore, nioPosix, nioHTTP1,
            ],
            path: "Daemons/cistern", swiftSettings: settings),
        // Measures Cistern beside its peers; see scripts/bench.
        .executableTarget(
            name: "cistern-bench",
            dependencies: [
                "Documents", "Fold", "TestSupport", arguments, subprocess, system, unixSignals, httpClient, nioCore,
                nioPosix, nioHTTP1,
            ],
            path: "Tests/Benchmark",
            resources: ["nginx.conf", "nchan.conf", "webdis.json", "poll.lua", "push.lua", "merge.js"].map {
                .embedInCode("Peers/\($0)")
            },
            swiftSettings: settings),

        // Tests. TestSupport starts real servers on private sockets.
        .target(name: "CSpawn", path: "Tests/CSpawn"),
        .target(
            name: "TestSupport", dependencies: ["CSpawn", unixSignals], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "RateLimitsTests", dependencies: ["RateLimits"], swiftSettings: settings),
        .testTarget(name: "GrantsTests", dependencies: ["Documents", "Fold", "Grants"], swiftSettings: settings),
        .testTarget(
            name: "TrustTests", dependencies: ["Documents", "Fold", "Grants", "Trust", "TestSupport", crypto],
            swiftSettings: settings),
        .testTarget(name: "FoldTests", dependencies: ["Documents", "Fold", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "TestSupport", nioCore, nioPosix, nioEmbedded, log, metrics, lifecycle,
                metricsTestKit,
            ], swiftSettings: settings),
        .testTarget(
            name: "MemcachedTests",
            dependencies: [
                "Memcached", "TestSupport", nioCore, log, metrics, metricsTestKit,
            ], swiftSettings: settings),
        .testTarget(name: "BenchmarkTests", dependencies: ["cistern-bench", nioCore], swiftSettings: settings),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", metrics, log], swiftSettings: settings),
        .testTarget(
            name: "ChangeLogTests",
            dependencies: [
                "Documents", "Fold", "Redis", "ChangeLog", "TestSupport", "Relays", nioCore, nioPosix, log, lifecycle,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "OperationsTests", dependencies: ["Operations", "Documents", "Fold", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "OperationQueueTests",
            dependencies: [
                "Operations", "OperationQueue", "Documents", "Fold", "Redis", "ChangeLog", "TestSupport", "Relays",
                nioPosix,
                log,
            ],
            swiftSettings: settings),
        .testTarget(name: "WebhooksTests", dependencies: ["Webhooks", "Documents", "Fold"], swiftSettings: settings),
        .testTarget(
            name: "WebhookQueueTests",
            dependencies: [
                "Webhooks", "WebhookQueue", "Operations", "OperationQueue", "Documents", "Fold", "Redis", "ChangeLog",
                "TestSupport", "Relays", nioPosix, log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WebhookServiceTests", dependencies: ["WebhookService", "WebhookQueue", "Webhooks", "Fold"],
            swiftSettings: settings),
        // An endpoint of webhooks that behaves badly.
        .target(
            name: "Receivers", dependencies: [nioCore, nioPosix, nioHTTP1], path: "Tests/Receivers",
            swiftSettings: settings),
        .testTarget(
            name: "DeliveringTests",
            dependencies: [
                "Delivering", "Webhooks", "WebhookQueue", "Documents", "Fold", "Receivers", "TestSupport", nioPosix,
            ], swiftSettings: settings),
        .testTarget(
            name: "SnapshotCacheTests", dependencies: ["Fold", "Memcached", "SnapshotCache", "TestSupport", log],
            swiftSettings: settings),
        .testTarget(
            name: "MergingTests",
            dependencies: [
                "Documents", "Fold", "Redis", "Memcached", "ChangeLog", "SnapshotCache", "Merging", "TestSupport",
                nioPosix, log, lifecycle,
            ], swiftSettings: settings),
        // A whole Cistern of processes for one test.
        .target(
            name: "SystemSupport",
            dependencies: [
                "TestSupport", "Documents", "Grants", "Trust", httpClient, nioCore, nioPosix, nioHTTP1,
            ],
            path: "Tests/SystemSupport", swiftSettings: settings),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "SystemSupport", "TestSupport", "Receivers", "Webhooks", "Documents", "Fold", "Grants", "Trust",
                "CisternClient", "cistern", "Relays",
                httpClient, nioCore, nioPosix, nioHTTP1,
            ] + daemons, swiftSettings: settings),
        // Stands between a daemon and its servers and makes trouble.
        .target(
            name: "Relays", dependencies: [nioCore, nioPosix, collections, crypto], path: "Tests/Relays",
            swiftSettings: settings),
        // Whole systems under faults; see scripts/faults.
        .executableTarget(
            name: "cistern-faults",
            dependencies: [
                "SystemSupport", "TestSupport", "Relays", "Receivers", "Documents", "Webhooks", arguments, httpClient,
                nioCore, nioPosix, nioHTTP1,
            ],
            path: "Tests/Faults", swiftSettings: settings),
        .testTarget(
            name: "FaultsTests",
            dependencies: [
                "cistern-faults", "SystemSupport", "TestSupport", "Relays", "Documents", httpClient, nioCore, nioPosix,
            ]
                + daemons,
            swiftSettings: settings),
        // The client and the pages in a real browser.
        .testTarget(
            name: "BrowserTests",
            dependencies: [
                "cistern", "SystemSupport", "TestSupport", "Receivers", "Documents", httpClient, nioCore, nioHTTP1,
            ] + daemons,
            swiftSettings: settings),
        .testTarget(
            name: "PresenceTests",
            dependencies: [
                "Presence", "Documents", "Fold", "Redis", "ChangeLog", "TestSupport", nioCore, nioPosix, log, lifecycle,
            ], swiftSettings: settings),
        .testTarget(
            name: "StatePollTests",
            dependencies: [
                "ChangeLog", "Documents", "Fold", "HTTPService", "StatePoll", "TestSupport", nioCore, nioEmbedded,
                httpTypes,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CisternClientTests",
            dependencies: [
                "CisternClient", "Documents", "Fold", "TestSupport", log, system, nioCore, nioPosix, nioHTTP1,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "cistern", "CisternClient", "Documents", "Grants", "Trust", "Webhooks", "TestSupport", arguments,
                subprocess, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServiceTests",
            dependencies: [
                "HTTPService", "TestSupport", "Documents", "Fold", "Grants", hummingbird, hummingbirdCore, nioCore,
                nioPosix, nioEmbedded, nioHTTP1,
                httpTypes, log, metrics, metricsTestKit, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "SocketListening", dependencies: ["Sockets", "HTTPService", nioCore, nioPosix, nioWebSocket],
            path: "Tests/SocketListening", swiftSettings: settings),
        // A server whose sockets send back what they get, for scripts/autobahn and for measuring what an idle socket costs.
        .executableTarget(
            name: "socket-echo", dependencies: ["SocketListening", "Sockets", "HTTPService", nioCore, nioPosix],
            path: "Tests/SocketEcho",
            swiftSettings: settings),
        .testTarget(
            name: "SocketsTests",
            dependencies: [
                "SocketListening", "Sockets", "HTTPService", "Documents", "Fold", "Grants", "TestSupport", nioCore,
                nioPosix,
                nioEmbedded, nioExtras,
                nioWebSocket, httpTypes, log, metrics,
            ], swiftSettings: settings),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "Grants", "HTTPService", "RateLimits", "Redis", "Memcached", "Trust", log, lifecycle, nioCore,
                nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ModelTests",
            resources: [.copy("cistern.pml"), .copy("preconditions.pml"), .copy("sequenced.pml")],
            swiftSettings: settings),
    ]
)
