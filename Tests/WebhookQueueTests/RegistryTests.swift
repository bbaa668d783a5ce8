import Documents
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing
import WebhookQueue
import Webhooks

@Suite("Webhooks in Redis", .timeLimit(.minutes(2)))
struct RegistryTests {
    @Test("A webhook is made once, changed as it was seen, and deleted")
    func life() async throws {
        try await withStore { store in
            let made = try await store.hook()
            #expect(made.isEnabled && made.revision == 1)
            let changes = [WebhookRegistry.Change.subscription(try subscription(#","rate_limit":7"#))]
            guard case .changed = try await store.registry.put(made.id, over: nil, changes) else {
                throw TestSupportError("it was made twice")
            }
            guard case .done(let changed) = try await store.registry.put(made.id, over: made, changes) else {
                throw TestSupportError("it was not changed")
            }
            #expect(changed.subscription.rate == 7 && changed.secrets == made.secrets && changed.revision == 2)
            #expect(changed.etag != made.etag && changed.creation == made.creation && changed.created == made.created)
            guard case .changed = try await store.registry.put(made.id, over: made, changes) else {
                throw TestSupportError("it was changed as it was not")
            }
            let contents = try #require(try await store.registry.contents())
            #expect(contents.webhooks.map(\.etag) == [changed.etag])
            #expect(try await store.registry.contents(unless: contents.version) == nil)
            guard case .changed = try await store.registry.delete(made.id, ifRevision: 1),
                case .done = try await store.registry.delete(made.id, ifRevision: 2),
                case .unknown = try await store.registry.delete(made.id, ifRevision: nil)
            else { throw TestSupportError("the deletion went wrong") }
            #expect(try await store.registry.contents(unless: contents.version)?.webhooks.isEmpty == true)
            #expect(try await store.hook().name != made.name)
        }
    }

    @Test("There are no more webhooks than may be")
    func full() async throws {
        try await withStore { store in
            _ = try store.redis.command(
                "EVAL", "for i = 1, 500 do redis.call('SADD', KEYS[1], 'x' .. i) end", "1", "{cistern:webhooks}:ids")
            guard
                case .full = try await store.registry.put(
                    WebhookID("w"), over: nil, [.subscription(try subscription()), .secrets(SecretRing(.random()))])
            else { throw TestSupportError("it was made") }
        }
    }

    @Test("Five days without a success disable a webhook, and that is to be told once; one success begins anew")
    func failing() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try await store.registry.report(.failure, of: hook.name)
            #expect(try await store.see().failingSince != nil)
            try store.advance(to: .seconds(119 * 3_600))
            try await store.registry.report(.failure, of: hook.name)
            #expect(try await store.see().isEnabled)
            try await store.registry.report(.success, of: hook.name)
            #expect(try await store.see().failingSince == nil)
            try await store.registry.report(.failure, of: hook.name)
            try store.advance(to: .seconds(238 * 3_600))
            try await store.registry.report(.failure, of: hook.name)
            #expect(try await store.see().isEnabled)
            try store.advance(to: .seconds(240 * 3_600))
            try await store.registry.report(.failure, of: hook.name)
            let disabled = try await store.see()
            guard case .disabled(.failing, let since) = disabled.status else { throw TestSupportError("it is enabled") }
            #expect(since > hook.created && disabled.isToBeTold)
            for _ in 0..<2 {
                try await store.queue.tellDisabled(disabled)
                try await store.registry.report(.told, of: hook.name)
            }
            #expect(try await !store.see().isToBeTold)
            let home = store.queue.partition(of: hook.id)
            let events = try await store.queue.events(in: home).events
            #expect(events.map(\.type) == [.webhookDisabled] && events.first?.data["reason"]?.stringValue == "failing")
            guard case .done(let enabled) = try await store.registry.put(hook.id, over: store.see(), [.enable]) else {
                throw TestSupportError("it was not enabled")
            }
            #expect(enabled.isEnabled && enabled.failingSince == nil)
        }
    }

    @Test("Who is gone is disabled at once; a report of one that was made anew does not count")
    func gone() async throws {
        try await withStore { store in
            let old = try await store.hook()
            _ = try await store.registry.delete(old.id, ifRevision: nil)
            let hook = try await store.hook()
            try await store.registry.report(.gone, of: old.name)
            #expect(try await store.see().isEnabled)
            try await store.registry.report(.gone, of: hook.name)
            guard case .disabled(.gone, _) = try await store.see().status else {
                throw TestSupportError("it is enabled")
            }
        }
    }

    @Test("The end of an operation is an event, whatever the end")
    func operations() async throws {
        try await withStore { store in
            let queue = OperationQueue(log: store.log)
            func wish(_ attempts: Int) throws -> OperationRequest {
                try OperationRequest(Document(parsing: Array(#"{"kind":"x","attempts":\#(attempts)}"#.utf8)))
            }
            for id in ["a", "b", "c", "d"] {
                _ = try await queue.create(wish(1), as: OperationName(OperationID(id), of: board))
            }
            _ = try await queue.cancel(OperationName(OperationID("a"), of: board))
            let claimed = try await queue.claim(
                in: store.home, by: WorkerID("w"), kinds: [OperationKind("x")], of: nil, most: 9, lease: .seconds(30)
            ).operations
            #expect(claimed.count == 3)
            func name(_ index: Int) -> OperationName { OperationName(claimed[index].document.id, of: board) }
            _ = try await queue.succeed(name(0), token: claimed[0].token, mediaType: "a/b", result: [])
            let report = try FailureReport(Document(parsing: Array(#"{"error":{},"retryable":false}"#.utf8)))
            _ = try await queue.fail(report, for: name(1), token: claimed[1].token)
            try store.advance(to: .seconds(31))
            _ = try await queue.look(at: name(2))
            let events = try await store.queue.events(in: store.home).events
            #expect(
                events.map(\.type) == [.operationCancelled, .operationSucceeded, .operationFailed, .operationDead])
            try #require(events.count > 1)
            #expect(events[1].data["id"]?.stringValue == "\(name(0).id)" && events[1].data["kind"]?.stringValue == "x")
        }
    }
}
