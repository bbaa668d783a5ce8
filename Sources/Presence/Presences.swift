// Who is here, for all applications that this server is asked about.
//
// Everything stays in memory and is gone when nobody renews it; nothing of it enters the log. With Redis away the clients of this server
// go on seeing each other, and what they say reaches the other servers when Redis is back.

package import Documents
package import Fold
import HTTPService
package import NIOCore
import ServiceLifecycle
import Synchronization

/// Why a client is not taken in, or an application not followed. Nothing was done.
package enum PresenceRefusal: Error, Hashable, Sendable {
    /// Bytes.
    case documentTooLarge(limit: Int)
    case tooManyClients(limit: Int)
    case tooManyApplications(limit: Int)
    /// The memory for all clients of this server is used up.
    case noRoom
}

/// Something that was said of a client, so that it can be told from what was said later.
package struct PresenceSaying: Sendable {
    let client: ClientID
    let stamp: PresenceStamp?
    /// Whether this server did not know that the client is here.
    package let isNew: Bool
}

package final class Presences: Service {
    package let configuration: PresenceConfiguration
    let surroundings: PresenceSurroundings
    private let eventLoopGroup: any EventLoopGroup
    private let followed = Mutex<[ApplicationID: Following]>([:])
    /// The places of requests that wait, and the number of the last one.
    let waiting: WaitingPlaces
    let lastWaiter = Atomic<UInt64>(0)

    package init(
        channels: PresenceChannels, eventLoopGroup: any EventLoopGroup,
        configuration: PresenceConfiguration = PresenceConfiguration()
    ) {
        self.configuration = configuration
        waiting = WaitingPlaces(configuration.waitingClients)
        self.eventLoopGroup = eventLoopGroup
        surroundings = PresenceSurroundings(configuration: configuration, channels: channels)
    }

    /// Follows what it is asked about until shutdown.
    package func run() async throws {
        try? await gracefulShutdown()
        for following in followed.withLock({ Array($0.values) }) { following.retire() }
    }

    // MARK: What clients say

    /// The client is here, with this document, for as long as it says or until it is put again.
    ///
    /// - Returns: what was said, for somebody who may want to take it back.
    @discardableResult
    package func put(
        _ client: ClientID, _ document: Document, for life: Duration = PresenceConfiguration.usualLife,
        in application: ApplicationID
    ) throws(PresenceRefusal) -> PresenceSaying {
        let value = document.encoded()
        guard value.count <= configuration.documentBytes else {
            throw .documentTooLarge(limit: configuration.documentBytes)
        }
        guard let saying = try use(application, { $0.put(client, value, for: life) }) else {
            throw .tooManyClients(limit: configuration.clients)
        }
        return saying
    }

    /// The client is not here any more, unless it, or somebody else in its name, has said something since.
    package func takeBack(_ saying: PresenceSaying, from application: ApplicationID) throws(PresenceRefusal) {
        try use(application) { $0.takeBack(saying) }
    }

    /// The client is not here any more, whether it was or not.
    package func remove(_ client: ClientID, from application: ApplicationID) throws(PresenceRefusal) {
        try use(application) { $0.remove(client) }
    }

    // MARK: Who watches

    /// Calls `receive` on the event loop with everybody who is here, and again when that has changed, until the observation is
    /// cancelled or released. Changes within `noticeInterval` come together.
    package func observe(
        _ application: ApplicationID, on eventLoop: any EventLoop,
        receive: @escaping @Sendable (PresenceContent) -> Void
    ) throws(PresenceRefusal) -> PresenceObservation {
        let observer = PresenceWatchers.Observer(eventLoop: eventLoop, receive: receive)
        return try use(application) { following in
            following.observe(observer).map { PresenceObservation(of: following, number: $0) }
        }
    }

    func look(at application: ApplicationID) throws(PresenceRefusal) -> (look: Following.Look, following: Following) {
        try use(application) { following in following.look().map { ($0, following) } }
    }

    // MARK: Applications

    private func use<Value>(
        _ application: ApplicationID, _ body: (Following) -> Following.Use<Value>
    ) throws(PresenceRefusal) -> Value {
        while true {
            let following = try follow(application)
            switch body(following) {
            case .done(let value): return value
            case .noRoom: throw .noRoom
            case .retired: forget(following)
            }
        }
    }

    private func follow(_ application: ApplicationID) throws(PresenceRefusal) -> Following {
        let (following, isNew) = try followed.withLock { followed throws(PresenceRefusal) -> (Following, Bool) in
            if let following = followed[application] { return (following, false) }
            guard followed.count < configuration.applications else {
                throw .tooManyApplications(limit: configuration.applications)
            }
            let following = Following(application, in: surroundings, on: eventLoopGroup.next()) { [weak self] in
                self?.forget($0)
            }
            followed[application] = following
            return (following, true)
        }
        if isNew { following.begin() }
        return following
    }

    private func forget(_ following: Following) {
        followed.withLock { followed in
            guard followed[following.application] === following else { return }
            followed[following.application] = nil
        }
    }

    /// How many applications are followed.
    package var applicationCount: Int { followed.withLock { $0.count } }
}

extension Following.Use {
    fileprivate func map<Result>(_ transform: (Value) -> Result) -> Following.Use<Result> {
        switch self {
        case .done(let value): .done(transform(value))
        case .retired: .retired
        case .noRoom: .noRoom
        }
    }
}
