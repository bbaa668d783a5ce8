// A room without a store: what is pushed last is the state, for all its clients.

import Documents
import Fold
import HTTPService
import NIOCore
import Sockets

final class MemoryRoom: SocketRoom {
    private let epoch: Epoch
    private(set) var clients: [SocketClient] = []
    /// The version that each client has.
    private var had: [ObjectIdentifier: VersionToken] = [:]
    private(set) var left = 0
    private(set) var state = "{}"
    private(set) var position: UInt64 = 0
    private(set) var pushes = 0
    /// Updates that a client did not take at once, and those it was given when it read again.
    private(set) var missed = 0
    private(set) var madeUp = 0
    /// Whether replies wait until ``reply()``.
    var holdsReplies = false
    private var held: [() -> Void] = []

    init(_ epoch: Epoch) { self.epoch = epoch }

    func joined(_ client: SocketClient) {
        clients.append(client)
        had[ObjectIdentifier(client)] = client.have
        bring(client)
    }

    func push(
        _ change: Change, from client: SocketClient, reply: @escaping (Result<PositionToken, Problem>) -> Void
    ) {
        pushes += 1
        held.append { [self] in take(change, from: client, reply) }
        if !holdsReplies { self.reply() }
    }

    /// Answers what was held.
    func reply() {
        let held = held
        self.held = []
        for answer in held { answer() }
    }

    private func take(_ change: Change, from client: SocketClient, _ reply: (Result<PositionToken, Problem>) -> Void) {
        guard change.id.description != "full" else {
            return reply(.failure(Problem(.backlogFull, "Full.").retry(after: .seconds(2))))
        }
        position += 1
        reply(.success(token))
        guard change.id.description != "wrong" else {
            return client.send(.rejected(change.id, reason: Problem(.testFailed, "Failed.")))
        }
        publish(String(decoding: change.body, as: UTF8.self))
    }

    /// Makes this the state, and tells everybody with one frame.
    func publish(_ state: String) {
        self.state = state
        let frame = frame
        for client in clients { bring(client, frame) }
    }

    /// The same as a new version.
    func change(to state: String) {
        position += 1
        publish(state)
    }

    private func bring(_ client: SocketClient, _ frame: SocketFrame? = nil) {
        guard had[ObjectIdentifier(client)] != version else { return }
        guard client.update(frame ?? self.frame) else {
            missed += 1
            return
        }
        had[ObjectIdentifier(client)] = version
    }

    private var frame: SocketFrame {
        ServerMessage.state(ByteBuffer(string: state), version: version, position: token).frame
    }

    private var version: VersionToken { VersionToken(epoch: epoch, number: position) }

    private var token: PositionToken { PositionToken(epoch: epoch, number: position) }

    func drained(_ client: SocketClient) {
        guard had[ObjectIdentifier(client)] != version else { return }
        bring(client)
        madeUp += 1
    }

    func presence(_ presence: PresenceNote, from client: SocketClient) throws(Problem) {
        guard let document = presence.document else { throw Problem(.forbidden, "Stay.") }
        for other in clients { other.send(.presence(ByteBuffer(bytes: document.encoded()))) }
    }

    func left(_ client: SocketClient) {
        clients.removeAll { $0 === client }
        had[ObjectIdentifier(client)] = nil
        left += 1
    }
}
