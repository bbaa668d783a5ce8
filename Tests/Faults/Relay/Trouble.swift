import NIOCore
import Synchronization

/// What a relay does to what passes through it.
final class Trouble: Sendable {
    struct Settings: Sendable {
        var delay: TimeAmount = .zero
        /// Nothing passes; what comes is kept until it may.
        var isSilent = false
        /// Messages of pub/sub are thrown away.
        var dropsHints = false
    }
    private let state = Mutex(Settings())

    init() {}

    var settings: Settings { state.withLock { $0 } }

    func change(_ change: @Sendable (inout Settings) -> Void) { state.withLock { change(&$0) } }
}
