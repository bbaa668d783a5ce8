import Foundation
import SystemSupport
import TestSupport

/// Two servers on the same store that differ in nothing but their express lanes.
struct LanePair: Sendable {
    let withLanes: DaemonProcess
    let without: DaemonProcess
    /// Of applications that both are asked about.
    var epochs: Set<String> = []
}

extension TestCistern {
    /// A server more on the same store, with flags of its own.
    func front(_ name: String, _ flags: [String]) async throws -> DaemonProcess {
        let memcached = memcacheds.map { "unix://\($0.address)" }.joined(separator: ",")
        let daemon = DaemonProcess(
            .front,
            options: ["--redis-url", redis.url, "--memcached", memcached, "--event-loops", "2"] + flags,
            logFile: "\(redis.folder)/\(name).log")
        try await daemon.launch()
        try await eventually("\(name) is ready") { try await get("/readyz", from: daemon).status == 200 }
        return daemon
    }

    /// Two servers with and without lanes, and two that have web pages as clients beside.
    func withLanePairs<Value>(
        keeping stable: [StableApplication] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: ([LanePair]) async throws -> Value
    ) async throws -> Value {
        let origins = ["--cors-origins", "https://app.example.org,https://second.example.org"]
        var fronts: [DaemonProcess] = []
        defer { for front in fronts { front.kill() } }
        for (name, flags) in [("plain", []), ("cors", origins)] {
            fronts.append(try await front("\(name)-lanes", flags + ["--express-lanes", "yes"]))
            fronts.append(try await front("\(name)-routes", flags + ["--express-lanes", "no"]))
        }
        let epochs = Set(stable.map(\.epoch))
        return try await body([
            LanePair(withLanes: fronts[0], without: fronts[1], epochs: epochs),
            LanePair(withLanes: fronts[2], without: fronts[3], epochs: epochs),
        ])
    }

    /// Applications of several sizes and histories that nobody pushes to any more.
    func makeStableApplications() async throws -> [StableApplication] {
        for number in 1...3 { _ = try await outcome("{\"a\":\(number)}", id: "s\(number)", to: "board") }
        let text = String(repeating: "long text ", count: 2_000)
        for number in 1...2 {
            _ = try await outcome("{\"t\":\"\(text)\",\"n\":\(number)}", id: "s\(number)", to: "big")
        }
        _ = try await outcome("[{\"op\":\"test\",\"path\":\"\",\"value\":1}]", .patch, id: "s1", to: "rejects")
        _ = try await outcome("{\"\(WireCase.probeMark)\":1}", id: "s1", to: "probe")
        var applications: [StableApplication] = []
        for name in ["board", "big", "rejects"] {
            let token = try await settled(name).version ?? ""
            let halves = token.split(separator: "-")
            guard halves.count == 2, let version = Int(halves[1]) else {
                throw TestSupportError("“\(token)” is no version.")
            }
            applications.append(StableApplication(name: name, epoch: String(halves[0]), version: version))
        }
        return applications
    }
}

/// What was sent to both servers of a pair, and what became of it.
struct WireCase: Sendable {
    let bytes: [UInt8]
    var cuts: [Int] = []
    /// Nothing follows but the end of the sending side; else a request that shows whether the connection is still usable.
    var isFinished = false

    static let probeMark = "the-probe-was-answered"
    private static let probe = Array(
        "GET /v1/apps/probe/state HTTP/1.1\r\nHost: localhost\r\nX-Behind: all else\r\n\r\n".utf8)

    /// Time after which a server that has not answered the probe is told that nothing more comes. Most that are told it wait for more bytes.
    /// One that was merely slow may answer otherwise for it; so what differs then is tried again with more patience.
    private static let patience = Duration.milliseconds(200)
    private static let secondPatience = Duration.seconds(5)
    private static let longest = Duration.seconds(15)

    struct Outcome: Equatable {
        let answers: [WireAnswer]
        /// Whether the connection took another request.
        let isUsable: Bool
        /// Whether all of it ended in time.
        let hasEnded: Bool
    }

    /// Sends the same to both, and collects what they answer.
    func outcomes(_ pair: LanePair) throws -> (withLanes: Outcome, without: Outcome) {
        let first = try outcomes(pair, patience: Self.patience)
        let isCertain = isFinished || first.withLanes.isUsable && first.without.isUsable
        if first.withLanes == first.without || isCertain { return first }
        return try outcomes(pair, patience: Self.secondPatience)
    }

    private func outcomes(_ pair: LanePair, patience: Duration) throws -> (withLanes: Outcome, without: Outcome) {
        let first = try WireConnection(port: pair.withLanes.port)
        let second = try WireConnection(port: pair.without.port)
        for (connection, side) in [(first, WireRequest.oneSide), (second, WireRequest.otherSide)] {
            var start = 0
            let bytes = WireRequest.bytes(bytes, for: side)
            for cut in cuts + [bytes.count] {
                connection.send(bytes[start..<cut])
                start = cut
            }
            if isFinished { connection.finish() } else { connection.send(Self.probe[...]) }
        }
        let deadline = ContinuousClock.now + patience
        return (outcome(first, deadline, pair.epochs), outcome(second, deadline, pair.epochs))
    }

    private func outcome(_ connection: WireConnection, _ patience: ContinuousClock.Instant, _ epochs: Set<String>)
        -> Outcome
    {
        let mark = Array("\"\(Self.probeMark)\"".utf8)
        let isAnswered: ([UInt8]) -> Bool = { !isFinished && $0.suffix(64).contains(mark) }
        if !isFinished {
            connection.read(until: patience, isAnswered)
            if !isAnswered(connection.received) { connection.finish() }
        }
        connection.read(until: .now + Self.longest, isAnswered)
        let isUsable = isAnswered(connection.received)
        return Outcome(
            answers: WireAnswer.all(in: connection.received).map { $0.sideless(keeping: epochs) }, isUsable: isUsable,
            hasEnded: isUsable || connection.hasEnded)
    }
}
