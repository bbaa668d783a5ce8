// What all applications that a server follows have in common.

import FoundationEssentials
import Metrics
import Synchronization

struct PresenceSurroundings: Sendable {
    let configuration: PresenceConfiguration
    let channels: PresenceChannels
    let budget: PresenceBudget
    let metrics = PresenceMetrics()
    /// This server's name in stamps: random, so that none has to be given out.
    let server = UInt64.random(in: .min ... .max)

    init(configuration: PresenceConfiguration, channels: PresenceChannels) {
        self.configuration = configuration
        self.channels = channels
        budget = PresenceBudget(bytes: configuration.bytes)
    }

    /// Milliseconds since 1970. Only for stamps, which survive a wrong clock.
    func clock() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970) * 1_000) }
}

/// The memory that all clients together may take.
final class PresenceBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(bytes: Int) { limit = bytes }

    func take(_ bytes: Int) -> Bool {
        used.withLock { used in
            guard bytes == 0 || used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}

struct PresenceMetrics: Sendable {
    private let messagesSent = Counter(label: "cistern_presence_messages_sent")
    private let messagesHeard = Counter(label: "cistern_presence_messages_heard")
    private let messagesRefused = Counter(label: "cistern_presence_messages_refused")
    private let messagesDropped = Counter(label: "cistern_presence_messages_dropped")
    private let requestsWaiting = Meter(label: "cistern_presence_waiting")

    func waiting(_ change: Int) { requestsWaiting.increment(by: Double(change)) }
    func sent() { messagesSent.increment() }
    func heard() { messagesHeard.increment() }
    /// It was not in our language.
    func refused() { messagesRefused.increment() }
    /// There was no room for what it said.
    func dropped() { messagesDropped.increment() }
}
