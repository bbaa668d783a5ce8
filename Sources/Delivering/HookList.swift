// A courier's copy of all webhooks.

import ChangeLog
import Synchronization
import WebhookQueue
import Webhooks

final class HookList: Sendable {
    private struct Copy {
        var version = ""
        var webhooks: [Webhook] = []
        var byName: [HookName: Webhook] = [:]
        var unreadable: Set<HookName> = []
    }

    private let registry: WebhookRegistry
    private let copy = Mutex(Copy())

    init(registry: WebhookRegistry) {
        self.registry = registry
    }

    /// Asks for what is new. Whoever goes on with events that happened before this has all webhooks that were made before them.
    ///
    /// - Returns: whether anything is.
    @discardableResult
    func refresh() async throws(LogError) -> Bool {
        let known = copy.withLock { $0.version }
        guard let contents = try await registry.contents(unless: known) else { return false }
        copy.withLock { copy in
            copy.version = contents.version
            copy.webhooks = contents.webhooks
            copy.unreadable = contents.unreadable
            copy.byName = Dictionary(contents.webhooks.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        }
        return true
    }

    var webhooks: [Webhook] { copy.withLock { $0.webhooks } }

    /// Nil if it is not there any more.
    subscript(name: HookName) -> Webhook? { copy.withLock { $0.byName[name] } }

    /// All that there are, also those that are not for us to send.
    var names: Set<HookName> { copy.withLock { $0.unreadable.union($0.byName.keys) } }
}
