import SystemSupport
import TestSupport

/// Does as webhooks are made for: it polls a state when it is told that there is a new one, at any server.
struct Follower {
    let requests: @Sendable (_ application: String) -> Requests
    let history: History
    let servers: [DaemonProcess]

    func run(_ told: AsyncStream<(application: String, version: Token)>, seed: UInt64) async {
        var numbers = SeededNumbers(seed: seed)
        for await (application, version) in told {
            let server = Int.random(in: 0..<servers.count, using: &numbers)
            guard let answer = await requests(application).poll(having: version, at: servers[server]) else { continue }
            func note(_ following: Following) {
                history.note(.followed(application: application, version: version, server: server, following))
            }
            switch answer.status {
            case 200:
                guard let other = Token(answer.version), let position = Token(answer.position) else {
                    history.note(.strange("a state of \(application) without version or position"))
                    continue
                }
                history.saw(
                    answer.bytes, client: nil, server: server, application: application, version: other,
                    position: position)
                note(.other(other))
            case 304: note(.current)
            case 404: note(.unknown)
            case 503: break
            default: history.note(.strange("a poll of server \(server) was answered with \(answer.refusal)"))
            }
        }
    }
}
