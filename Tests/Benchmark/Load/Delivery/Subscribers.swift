// Thousands of clients that wait for the same thing, and when each of them has it.

import NIOCore
import NIOPosix

final class Subscribers: Sendable {
    private let groups: [NIOLoopBound<SubscriberGroup>]
    private let port: Int
    private let source: String

    /// - Parameter source: the loopback address to come from.
    init(_ subscription: Subscription, port: Int, source: String, threads: MultiThreadedEventLoopGroup) async throws {
        var groups: [NIOLoopBound<SubscriberGroup>] = []
        for loop in threads.makeIterator() {
            groups.append(
                try await loop.submit { NIOLoopBound(SubscriberGroup(loop, subscription), eventLoop: loop) }.get())
        }
        self.groups = groups
        self.port = port
        self.source = source
    }

    /// So many at a time that the server's queue does not overflow.
    private static let step = 250

    /// Opens more of them, spread over the loops.
    func open(_ count: Int) async throws {
        for begin in stride(from: 0, to: count, by: Self.step) {
            let some = min(Self.step, count - begin)
            try await withThrowingTaskGroup { tasks in
                for (index, group) in groups.enumerated() {
                    let share = some / groups.count + (index < some % groups.count ? 1 : 0)
                    let (port, source) = (port, source)
                    tasks.addTask {
                        try await group.eventLoop.flatSubmit { group.value.open(share, port: port, source: source) }
                            .get()
                    }
                }
                try await tasks.waitForAll()
            }
        }
    }

    /// A message to all of them.
    struct Receipts: Sendable {
        /// Milliseconds from the moment at which publishing began.
        let first: Double
        let last: Double
        /// Bytes that one client got, heads and frames included.
        let bytes: Double
    }

    /// - Parameter publish: sends what is expected.
    /// - Throws: ``Wrong`` if somebody gets something else, or nothing for a while.
    func round(_ expected: Expected, publish: () async throws -> Void) async throws -> Receipts {
        var tallies: [EventLoopFuture<SubscriberGroup.Tally>] = []
        for group in groups {
            // A future of the future: what is waited for here is only that the group is ready.
            tallies.append(try await group.eventLoop.submit { group.value.begin(expected) }.get())
        }
        let start = NIODeadline.now().uptimeNanoseconds
        do {
            try await publish()
        } catch {
            for group in groups { group.execute { $0.giveUp(error) } }
            for tally in tallies { _ = try? await tally.get() }
            throw error
        }
        var whole = SubscriberGroup.Tally()
        var failure: (any Error)?
        for tally in tallies {
            do { whole.add(try await tally.get()) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return Receipts(
            first: Double(whole.first - min(start, whole.first)) / 1e6,
            last: Double(whole.last - min(start, whole.last)) / 1e6,
            bytes: Double(whole.bytes) / Double(max(1, whole.received)))
    }

    /// Long polls begin anew.
    func askAgain() async throws {
        for group in groups { try await group.eventLoop.submit { group.value.askAgain() }.get() }
    }

    func close() async throws {
        for group in groups { try await group.eventLoop.submit { group.value.close() }.get() }
    }
}

extension NIOLoopBound {
    /// On its loop, some time.
    fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) {
        eventLoop.execute { body(value) }
    }
}
