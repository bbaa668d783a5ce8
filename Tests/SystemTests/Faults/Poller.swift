import Foundation
import SystemSupport

/// A client that watches: it polls again and again, each time with the version that it has, and notes what must never be seen.
struct Poller {
    let caller: Caller
    /// Where to poll; in turn, so that servers are compared with each other.
    let servers: [String]
    let application: String
    let observations: Observations

    private(set) var version: Token?
    private(set) var position: Token?
    private(set) var state: String?
    /// The application is unknown, as far as the last answer says.
    private(set) var isUnknown = false
    private var leftEpochs: Set<String> = []
    private var turn = 0

    init(_ caller: Caller, servers: [String], application: String, observations: Observations) {
        self.caller = caller
        self.servers = servers
        self.application = application
        self.observations = observations
    }

    /// - Returns: the status of the answer; nil if there was none.
    @discardableResult
    mutating func poll() async -> Int? {
        turn += 1
        let server = servers[turn % servers.count]
        var headers: [(String, String)] = []
        if let version { headers.append(("If-None-Match", "\"\(version)\"")) }
        let start = ContinuousClock.now
        let answer = try? await caller.send("GET", "\(server)/v1/apps/\(application)/state", headers: headers)
        // A poll that the test itself has broken off says nothing.
        if answer == nil, Task.isCancelled { return nil }
        observations.answered(answer?.status, after: .now - start)
        guard let answer else { return nil }
        isUnknown = answer.status == 404
        switch answer.status {
        case 200:
            guard let next = Token(answer.header("ETag")) else {
                observations.violated("a state without a version")
                return 200
            }
            observations.saw(answer.body, at: next.description)
            note(next, from: server)
            state = answer.body
            position = Token(answer.header("Cistern-Position"))
        case 304:
            if version == nil { observations.violated("304 to a poll without a version") }
            position = Token(answer.header("Cistern-Position"))
        case 404, 503: break
        default: observations.violated("a poll was answered with \(answer.status): \(answer.body.prefix(200))")
        }
        return answer.status
    }

    private mutating func note(_ next: Token, from server: String) {
        if let version {
            if version.epoch == next.epoch {
                if next.number < version.number {
                    observations.violated("version \(version) was followed by \(next) from \(server)")
                }
            } else {
                leftEpochs.insert(version.epoch)
            }
        }
        if leftEpochs.contains(next.epoch) {
            observations.violated("epoch \(next.epoch) came back after \(version?.epoch ?? "nothing")")
        }
        version = next
    }
}
