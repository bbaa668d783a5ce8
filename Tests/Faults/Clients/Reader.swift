import SystemSupport
import TestSupport

/// A client that polls servers in any order, each time with the version that it has.
struct Reader {
    let requests: Requests
    let history: History
    let servers: [DaemonProcess]
    let client: Int

    private(set) var version: Token?
    private(set) var position: Token?
    /// The application is unknown, as far as the last answer says.
    private(set) var isUnknown = false

    /// Of 100 polls those that bring no version, and those that wait for the next one.
    private static let withoutVersion = 10
    private static let waiting = 15

    init(_ requests: Requests, _ history: History, servers: [DaemonProcess], client: Int) {
        self.requests = requests
        self.history = history
        self.servers = servers
        self.client = client
    }

    mutating func poll(_ numbers: inout SeededNumbers) async {
        let server = Int.random(in: 0..<servers.count, using: &numbers)
        let had = numbers.isLucky(Self.withoutVersion) ? nil : version
        let wait = had != nil && numbers.isLucky(Self.waiting) ? 1 : nil
        guard let answer = await requests.poll(having: had, wait: wait, at: servers[server]) else { return }
        switch answer.status {
        case 200:
            guard let next = Token(answer.version), let position = Token(answer.position) else {
                return history.note(.strange("a state of \(requests.application) without version or position"))
            }
            history.saw(
                answer.bytes, client: had == nil && version != nil ? nil : client, server: server,
                application: requests.application, version: next, position: position)
            if had == nil, version != nil { return }
            (version, self.position, isUnknown) = (next, position, false)
        case 304:
            guard let had, let position = Token(answer.position) else {
                return history.note(.strange("304 without a version or position"))
            }
            history.note(.unchanged(client: client, application: requests.application, version: had))
            (self.position, isUnknown) = (position, false)
        case 404:
            history.note(.unknown(application: requests.application, server: server, version: had))
            isUnknown = true
        case 503: break
        default: history.note(.strange("a poll of server \(server) was answered with \(answer.refusal)"))
        }
    }

    /// Asks any server for a state with everything up to there.
    func readOwn(_ receipt: Token, _ numbers: inout SeededNumbers) async {
        let server = Int.random(in: 0..<servers.count, using: &numbers)
        let answer = await requests.poll("?at_least=\(receipt)", having: nil, wait: 2, at: servers[server])
        guard let answer else { return }
        switch answer.status {
        case 200:
            guard let version = Token(answer.version), let position = Token(answer.position) else {
                return history.note(.strange("a state of \(requests.application) without version or position"))
            }
            history.saw(
                answer.bytes, client: nil, server: server, application: requests.application, version: version,
                position: position, atLeast: receipt)
        // Not merged yet; the epoch is another; Redis lost the application with its tail.
        case 503, 409, 404: break
        default: history.note(.strange("at_least of server \(server) was answered with \(answer.refusal)"))
        }
    }
}
