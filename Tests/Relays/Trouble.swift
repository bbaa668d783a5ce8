package import NIOCore
import Synchronization

/// What a relay does to what passes through it.
package final class Trouble: Sendable {
    package struct Settings: Sendable {
        package var delay: TimeAmount = .zero
        /// Nothing passes; what comes is kept until it may.
        package var isSilent = false
        /// Messages of pub/sub are thrown away.
        package var dropsHints = false
    }
    private let state = Mutex(Settings())

    init() {}

    var settings: Settings { state.withLock { $0 } }

    package func change(_ change: @Sendable (inout Settings) -> Void) { state.withLock { change(&$0) } }
}
