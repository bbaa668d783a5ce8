// Where changes outlive the program: what a storage is, and the one that does not outlive it.

import Synchronization

/// Where changes that are not known to be folded in outlive the program, with the name and the numbers under which they were sent.
///
/// A live application owns its storage: its calls come one after the other, and nobody else may use the same one at the same time. Nothing is sent
/// to the server before it was saved.
public protocol Storage: Sendable {
    /// Whether it outlives the program.
    var isDurable: Bool { get }
    /// What was kept; nil if nothing was.
    func load() async throws -> KeptQueue?
    /// Keeps all of it or nothing, and returns when it will outlive the program.
    ///
    /// What it could not keep, because it threw, comes again with the next update.
    func save(_ update: KeptQueue.Update) async throws
    /// No more calls come.
    func close() async
}

/// What a storage keeps.
public struct KeptQueue: Sendable, Hashable {
    /// The name of the client; unique among all clients of the application, for ever.
    public var client: String
    /// Which of its names the client uses, from 1 on.
    public var generation: Int
    /// The number that was used last under that name.
    public var last: UInt64
    /// By rising ``KeptChange/order``.
    public var changes: [KeptChange]

    public init(client: String, generation: Int, last: UInt64, changes: [KeptChange]) {
        self.client = client
        self.generation = generation
        self.last = last
        self.changes = changes
    }

    /// What is different from what was kept before.
    public struct Update: Sendable, Hashable {
        public var client: String
        public var generation: Int
        public var last: UInt64
        /// New ones, and ones that take the place of those of the same order.
        public var put: [KeptChange]
        /// The orders of those that are not needed any more.
        public var drop: [UInt64]
    }
}

/// One change that is kept.
public struct KeptChange: Sendable, Hashable {
    /// Its place among all changes that this client ever had.
    public var order: UInt64
    /// By which its caller is answered.
    public var key: String
    /// Its id is `<client>~<number>`.
    public var client: String
    public var number: UInt64
    public var kind: Change.Kind
    public var patch: JSONText
    public var condition: Change.Condition?
    /// When it was made: milliseconds since 1970, UTC.
    public var time: UInt64
}

/// Keeps changes as long as the program runs. The usual one.
public final class MemoryStorage: Storage {
    private let kept = Mutex(KeptTable())

    public init() {}

    public var isDurable: Bool { false }

    public func load() async throws -> KeptQueue? { kept.withLock { $0.queue } }

    public func save(_ update: KeptQueue.Update) async throws {
        kept.withLock { $0.apply(update) }
    }

    public func close() async {}
}

/// What is kept, at hand for updates.
struct KeptTable: Sendable {
    private var latest: KeptQueue.Update?
    private var changes: [UInt64: KeptChange] = [:]

    mutating func apply(_ update: KeptQueue.Update) {
        for order in update.drop { changes[order] = nil }
        for change in update.put { changes[change.order] = change }
        latest = update
        latest?.put = []
        latest?.drop = []
    }

    /// Nil if nothing was ever kept.
    var queue: KeptQueue? {
        latest.map { latest in
            KeptQueue(
                client: latest.client, generation: latest.generation, last: latest.last,
                changes: changes.values.sorted { $0.order < $1.order })
        }
    }
}
