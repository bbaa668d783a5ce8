/// Who listens to which channel, and what the server has been told about it. Pure: `SubscriptionRegistry` puts it
/// behind a lock.
///
/// Receivers come and go at any time; the server is told the difference in one go. A channel counts as listened to only
/// when the server has confirmed everything it was told about it: after subscribe, unsubscribe, subscribe the first
/// confirmation does not mean that messages arrive from now on.
struct SubscriptionTable<Receiver> {
    typealias ChannelName = [UInt8]

    struct Registration: Sendable, Hashable {
        let channel: ChannelName
        let id: UInt64
    }

    private struct Entry {
        var receivers: [UInt64: Receiver] = [:]
        /// Receivers that have been told once that they are subscribed.
        var greeted: Set<UInt64> = []
        /// What this connection's server was told last.
        var isRequested = false
        var unconfirmed = 0

        var isListening: Bool { isRequested && unconfirmed == 0 }
        var isWanted: Bool { !receivers.isEmpty }
    }

    private let limit: Int
    private var entries: [ChannelName: Entry] = [:]
    private var changed: Set<ChannelName> = []
    private var isConnected = false
    private var lastID: UInt64 = 0

    /// - Parameter limit: the number of channels.
    init(limit: Int) {
        self.limit = limit
    }

    enum Addition {
        /// The server has to be told: somebody has to call `takeChanges` soon.
        case tellServer(Registration)
        /// The channel is listened to already: greet the receiver.
        case greet(Registration)
        /// The receiver will hear with the others, or once there is a connection.
        case wait(Registration)
        case refuse(limit: Int)
    }

    mutating func add(_ receiver: Receiver, to channel: ChannelName) -> Addition {
        guard entries[channel] != nil || entries.count < limit else { return .refuse(limit: limit) }
        lastID += 1
        let registration = Registration(channel: channel, id: lastID)
        var entry = entries[channel] ?? Entry()
        entry.receivers[registration.id] = receiver
        let listens = entry.isListening
        if listens { entry.greeted.insert(registration.id) }
        entries[channel] = entry
        if listens { return .greet(registration) }
        return noteChange(of: channel) ? .tellServer(registration) : .wait(registration)
    }

    /// - Returns: whether somebody has to call `takeChanges` soon. Removing twice does no harm.
    mutating func remove(_ registration: Registration) -> Bool {
        guard var entry = entries[registration.channel],
            entry.receivers.removeValue(forKey: registration.id) != nil
        else { return false }
        entry.greeted.remove(registration.id)
        entries[registration.channel] = entry
        let tellServer = noteChange(of: registration.channel)
        forgetIfUnused(registration.channel)
        return tellServer
    }

    /// - Returns: true if this is the first change since the last `takeChanges`.
    private mutating func noteChange(of channel: ChannelName) -> Bool {
        guard isConnected, let entry = entries[channel], entry.isWanted != entry.isRequested else { return false }
        let isFirst = changed.isEmpty
        changed.insert(channel)
        return isFirst
    }

    private mutating func forgetIfUnused(_ channel: ChannelName) {
        guard let entry = entries[channel], !entry.isWanted, !entry.isRequested, entry.unconfirmed == 0 else { return }
        entries[channel] = nil
        changed.remove(channel)
    }

    // MARK: The connection

    /// A new connection, whose server knows of nothing yet.
    mutating func connected() {
        isConnected = true
        changed = Set(entries.keys)
    }

    mutating func disconnected() {
        isConnected = false
        changed.removeAll()
        for channel in Array(entries.keys) {
            entries[channel]?.isRequested = false
            entries[channel]?.unconfirmed = 0
            forgetIfUnused(channel)
        }
    }

    /// What the server has to be told now.
    mutating func takeChanges() -> (subscribe: [ChannelName], unsubscribe: [ChannelName]) {
        var subscribe: [ChannelName] = []
        var unsubscribe: [ChannelName] = []
        for channel in changed {
            guard var entry = entries[channel], entry.isWanted != entry.isRequested else { continue }
            entry.isRequested = entry.isWanted
            entry.unconfirmed += 1
            entries[channel] = entry
            if entry.isRequested { subscribe.append(channel) } else { unsubscribe.append(channel) }
        }
        changed.removeAll()
        return (subscribe, unsubscribe)
    }

    struct Greeting {
        let receiver: Receiver
        /// It had been subscribed before, on another connection.
        let again: Bool
    }

    /// The server has confirmed a SUBSCRIBE or UNSUBSCRIBE.
    ///
    /// - Returns: whom to tell that messages arrive from now on.
    mutating func confirmed(_ channel: ChannelName) -> [Greeting] {
        guard var entry = entries[channel], entry.unconfirmed > 0 else { return [] }
        entry.unconfirmed -= 1
        var greetings: [Greeting] = []
        if entry.isListening {
            greetings = entry.receivers.map { id, receiver in
                Greeting(receiver: receiver, again: !entry.greeted.insert(id).inserted)
            }
        }
        entries[channel] = entry
        forgetIfUnused(channel)
        return greetings
    }

    func receivers(of channel: ChannelName) -> [Receiver] {
        entries[channel].map { Array($0.receivers.values) } ?? []
    }

    var channelCount: Int { entries.count }
}
