// Those who want to hear when somebody comes, goes or moves: requests that wait once, and observers that stay.

import NIOCore

struct PresenceWatchers {
    struct Observer {
        let eventLoop: any EventLoop
        let receive: @Sendable (PresenceContent) -> Void
        /// What it was told last.
        var etag: String?
    }

    /// Counts up with every notice.
    private(set) var generation: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var observers: [UInt64: Observer] = [:]
    private var lastObserver: UInt64 = 0

    var isEmpty: Bool { waiters.isEmpty && observers.isEmpty }

    /// - Parameter content: What it is told first; nil if it has to wait for the next notice.
    mutating func add(_ observer: Observer, tellNow content: PresenceContent?) -> UInt64 {
        lastObserver += 1
        var observer = observer
        if let content { observer.tell(content) }
        observers[lastObserver] = observer
        return lastObserver
    }

    mutating func remove(observer number: UInt64) { observers[number] = nil }

    /// Tells the observers.
    ///
    /// - Parameter content: Is asked for if somebody is to be told.
    /// - Returns: those who wait no longer.
    mutating func notify(_ content: () -> PresenceContent) -> [CheckedContinuation<Void, Never>] {
        generation += 1
        if !observers.isEmpty {
            let content = content()
            for number in observers.keys { observers[number]?.tell(content) }
        }
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}

extension PresenceWatchers.Observer {
    fileprivate mutating func tell(_ content: PresenceContent) {
        guard etag != content.etag else { return }
        etag = content.etag
        eventLoop.execute { [receive] in receive(content) }
    }
}

/// Somebody's interest in an application's presence; ends when it is cancelled or released.
package final class PresenceObservation: Sendable {
    private let following: Following
    private let number: UInt64

    init(of following: Following, number: UInt64) {
        self.following = following
        self.number = number
    }

    deinit { cancel() }

    /// Doing it twice does no harm. A call that is under way still comes.
    package func cancel() { following.stopObserving(number) }
}
