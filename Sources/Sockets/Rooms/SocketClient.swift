// One client of the subprotocol cistern.v1: between its socket, which carries messages, and the room, which knows what they mean.
//
// A client that does not read gets no update until it does, and then the newest: nothing is queued for it but what its channel has.

package import Fold
package import HTTPService
package import NIOCore
import NIOWebSocket

package final class SocketClient: SocketEnd {
    package let application: ApplicationID
    /// The version that the client says it has.
    package let have: VersionToken?
    /// What the client asked for besides.
    package let query: Query

    private let room: any SocketRoom
    private let limits: SocketLimits
    package let caller: Caller
    private let rates: SocketRates?
    private var socket: SocketHandler?
    private var unanswered = 0

    init(_ grant: SocketGrant, in room: any SocketRoom, limits: SocketLimits) {
        application = grant.request.application
        have = grant.request.have
        query = grant.request.query
        caller = grant.caller
        rates = grant.rates
        self.room = room
        self.limits = limits
    }

    // MARK: For the room

    /// Sends an update, encoded once for all clients that get the same.
    ///
    /// - Returns: whether it was sent. If not, the client is behind: ``SocketRoom/drained(_:)`` tells when it reads again.
    package func update(_ frame: SocketFrame) -> Bool { socket?.offer(frame) ?? false }

    /// Sends what is owed to this client alone, whether or not it reads.
    package func send(_ message: ServerMessage) { socket?.send(message.frame) }

    /// Ends the connection, with the closing handshake.
    package func close(_ close: SocketClose) { socket?.close(close) }

    // MARK: Its socket

    package func opened(_ socket: SocketHandler) {
        self.socket = socket
        room.joined(self)
    }

    package func received(_ message: SocketMessage) {
        switch message {
        case .binary: close(SocketClose(.unacceptableData, "Messages are JSON in text frames."))
        case .text(let text):
            do throws(MessageRefusal) {
                try take(ClientMessage(text, limits: limits))
            } catch {
                send(.refused(id: error.id, error.problem))
            }
        }
    }

    private func take(_ message: ClientMessage) throws(MessageRefusal) {
        switch message {
        case .push(let change): push(change)
        case .presence(let presence):
            // As with the route, who may not push may not be seen either.
            do {
                try caller.stillThere()
                try caller.authorize(.push, on: application)
            } catch { throw MessageRefusal(id: nil, problem: error) }
            do throws(Problem) { try rates?.pay(for: .push) } catch { return refuseLate(nil, error) }
            do { try room.presence(presence, from: self) } catch { throw MessageRefusal(id: nil, problem: error) }
        }
    }

    private func push(_ change: Change) {
        do throws(Problem) {
            try caller.stillThere()
            try caller.authorize(.push, on: application)
            try caller.authorize(change, to: application, at: "/push/change")
        } catch {
            return send(.refused(id: change.id.description, error))
        }
        do throws(Problem) { try rates?.pay(for: .push) } catch { return refuseLate(change.id, error) }
        count(1)
        room.push(change, from: self) { [id = change.id] result in
            self.count(-1)
            switch result {
            case .success(let receipt): self.send(.ack(id, receipt: receipt))
            case .failure(let problem): self.send(.refused(id: id.description, problem))
            }
        }
    }

    /// Tells later who comes too often. Until then it counts as unanswered, and of those there are only so many.
    private func refuseLate(_ id: ChangeID?, _ problem: Problem) {
        guard let eventLoop = socket?.eventLoop else { return }
        count(1)
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(RequestRates.refusalPause)) {
            self.count(-1)
            self.send(.refused(id: id?.description, problem))
        }
    }

    private func count(_ pushes: Int) {
        unanswered += pushes
        let isFull = unanswered >= limits.unansweredPushes
        if socket?.wantsMore == isFull { socket?.wantsMore = !isFull }
    }

    package func drained() { room.drained(self) }

    package func closed() {
        socket = nil
        room.left(self)
    }
}

extension SocketLoop {
    /// Begins the handshake in a channel whose next bytes are a request for a socket.
    ///
    /// - Parameter room: Of this event loop.
    package func begin(
        in channel: any Channel, at position: ChannelPipeline.SynchronousOperations.Position = .last, gate: SocketGate,
        head limits: HTTPLimits, room: any SocketRoom
    ) throws {
        try begin(in: channel, at: position, gate: gate, head: limits) { grant in
            SocketClient(grant, in: room, limits: self.limits)
        }
    }
}
