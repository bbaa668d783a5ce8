// swift-tools-version: 6.2

// The fuzz targets, in a package of their own so that nothing else is built for a fuzzer. Its modules are files of the project's
// sources, by the link `Cistern`: what has to be fuzzed and no more. See scripts/fuzz.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [
        .target(name: "Documents", path: "Cistern/Documents", exclude: ["Documents.docc"], swiftSettings: settings),
        .target(name: "CChecksum", path: "Cistern/CChecksum"),
        .target(
            name: "Fold", dependencies: ["Documents", "CChecksum", crypto], path: "Cistern/Fold",
            swiftSettings: settings),
        .systemLibrary(name: "CHiredis", path: "Cistern/CHiredis"),
        .target(
            name: "Redis", dependencies: ["CHiredis", nioCore], path: "Cistern/Redis",
            sources: ["ReplyReader.swift", "RESPValue.swift"], swiftSettings: settings),
        .target(
            name: "HTTPService", dependencies: [nioCore], path: "Cistern/HTTPService",
            sources: [
                "Express/RequestScan.swift", "Express/Bytes.swift", "Express/PlacedList.swift",
                "Server/HTTPLimits.swift", "Server/BodyBudget.swift", "Server/UntakenBytes.swift",
            ],
            swiftSettings: settings),
        .target(
            name: "Sockets", dependencies: ["HTTPService", nioCore, nioWebSocket], path: "Cistern/Sockets",
            sources: ["WebSocket"], swiftSettings: settings),
        .executableTarget(
            name: "fuzz",
            dependencies: ["Documents", "Fold", "Redis", "HTTPService", "Sockets", nioCore, nioEmbedded, nioWebSocket],
            path: "Fuzz", swiftSettings: settings),
    ]
)
