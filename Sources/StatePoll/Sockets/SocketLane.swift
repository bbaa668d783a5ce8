// Takes connections over whose request is for a socket. There is no other way to one: a WebSocket's upgrade does not go through routes.

package import ChangeLog
import Fold
package import HTTPService
import HTTPTypes
package import NIOCore
import Presence
import Sockets

package struct SocketLaneProvider: ExpressLaneProvider {
    private let states: States
    private let feeds: FeedsOfLoops
    private let commits: GroupCommits
    private let gate: SocketGate
    private let head: HTTPLimits
    private let limits: SocketLimits
    private let incomplete: BodyBudget

    /// - Parameters:
    ///   - permission: Whom it believes.
    ///   - origins: Whose pages may open sockets, apart from the server's own.
    ///   - rates: Of all requests of the server.
    package init(
        states: States, feeds: FeedsOfLoops, commits: GroupCommits, permission: any Permission,
        origins: CrossOriginPolicy?, rates: RequestRates?, head: HTTPLimits
    ) {
        self.states = states
        self.feeds = feeds
        self.commits = commits
        gate = SocketGate(admission: Admission(permission), origins: origins, rates: rates)
        self.head = head
        limits = SocketLimits(
            presenceBytes: feeds.presenceBytes, presenceTime: .seconds(PresenceConfiguration.lives.upperBound))
        incomplete = BodyBudget(bytes: limits.incompleteBytes)
    }

    package var isOnlyWay: Bool { true }

    package func makeLane(on eventLoop: any EventLoop) -> any ExpressLane {
        let room = commits.on(eventLoop).map { StateRoom(states, feeds.on(eventLoop), $0, on: eventLoop) }
        return SocketLane(
            SocketLoop(on: eventLoop, limits: limits, incomplete: incomplete), room, gate: gate, head: head)
    }
}

final class SocketLane: ExpressLane, ConnectionTaker {
    let route = (method: HTTPRequest.Method.get, template: ApplicationPath.template("/socket"))

    /// The gate asks, who also knows the tokens that stand among subprotocols.
    let action: Action? = nil

    private let loop: SocketLoop
    /// Nil on event loops that nobody appends from.
    private let room: StateRoom?
    private let gate: SocketGate
    private let head: HTTPLimits

    init(_ loop: SocketLoop, _ room: StateRoom?, gate: SocketGate, head: HTTPLimits) {
        self.loop = loop
        self.room = room
        self.gate = gate
        self.head = head
    }

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        guard request.isUpgrade, room != nil, let path = ApplicationPath(request.target, in: bytes) else {
            return false
        }
        return path.names("/socket", in: bytes)
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict { .takes(self) }

    func install(in channel: any Channel, after front: any ChannelHandler) throws {
        guard let room else { throw ChannelError.inappropriateOperationForState }
        try loop.begin(in: channel, at: .after(front), gate: gate, head: head, room: room)
    }

    func tidy(load: Double) {}
}
