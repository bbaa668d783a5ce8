// What a live application tells its program: the state, and how things stand.

package import Documents
import Fold

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The state of an application as it is to be shown: what the server says, with every change that waits applied to it. A preview as long as changes wait.
public struct LiveState: Sendable {
    /// Nil if there is neither a state nor a change that shows: nothing was heard of a server yet, or there is no such application.
    package let document: Document?
    /// Of the server's part.
    public let version: Version?
    /// How much of the log is folded into the server's part.
    public let position: Position?
    /// Changes of this client that are not known to be folded in.
    public let pendingCount: Int

    /// The state as JSON, encoded anew by each call; nil if there is none.
    public var json: JSONText? { document.map { JSONText(bytes: $0.encoded()) } }

    /// The state as a value of this type; nil if there is none.
    ///
    /// - Throws: what decoding throws.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value? {
        try document.map { try JSONDecoder().decode(type, from: Data($0.encoded())) }
    }
}

/// How a live application is doing.
public struct LiveStatus: Sendable, Hashable {
    public enum Phase: Sendable, Hashable {
        /// States do not come at the moment.
        case connecting
        case live
        /// The program has said that there is no network.
        case offline
    }

    public var phase: Phase
    public var way: Way
    /// Whether the application exists; nil until a server has said so.
    public var exists: Bool?
    /// Of the server's part of the state.
    public var version: Version?
    /// Changes that are not known to be folded in.
    public var pendingCount: Int
    /// What stands in the way at the moment. It is tried again all the same.
    public var problem: CisternError?
    /// Whether what waits outlives the program.
    public var isDurable: Bool
    /// Why it does not, if the storage has failed.
    public var storageProblem: String?

    package init(phase: Phase, way: Way, pendingCount: Int, isDurable: Bool) {
        self.phase = phase
        self.way = way
        self.pendingCount = pendingCount
        self.isDurable = isDurable
    }
}

extension LiveState {
    init(_ state: ClientState) {
        document = state.view.value
        version = state.held.version.map { Version($0) }
        position = state.held.now.map { Position(PositionToken(epoch: $0.epoch, number: $0.position)) }
        pendingCount = state.queue.items.count
    }
}

extension ClientState {
    /// Without what only the storage knows.
    var status: LiveStatus {
        var status = LiveStatus(
            phase: !isOnline ? .offline : delivery.phase == .open ? .live : .connecting, way: delivery.way,
            pendingCount: queue.items.count, isDurable: false)
        status.exists = exists
        status.version = held.version.map { Version($0) }
        status.problem = pushProblem ?? problem
        return status
    }
}
