import ChangeLog
import Documents
import Fold
import Redis
import TestSupport
import Testing
import WebhookQueue
import Webhooks

@Suite("States that webhooks are told of", .timeLimit(.minutes(2)))
struct StateTests {
    private func publish(_ number: Int, in store: Store, quiet: Bool = true) async throws {
        let change = try Change(
            id: try ChangeID("c\(number)"), precondition: .none, kind: .mergePatch,
            parsing: Array("{\"a\":\(number)}".utf8).span)
        _ = try await store.log.append([change], to: board, allOrNone: false)
        let slice = try #require(try await store.log.read(board, after: nil))
        var replica = Replica(of: board, settings: store.log.settings)
        _ = try replica.absorb(slice)
        let made = replica.snapshot()
        let snapshot = try #require(made)
        #expect(
            try await store.log.merged(
                board, from: slice.from, to: snapshot.positionToken, version: snapshot.version,
                stateBytes: snapshot.state.count,
                rejections: []) == .done)
        if quiet { #expect(try await store.log.checkpoint(snapshot) == .done) }
    }

    private func place(_ store: Store) async throws -> ApplicationVersion {
        try #require(try await store.queue.versions(of: [board], in: store.home).first)
    }

    private func hand(
        _ place: ApplicationVersion, to hook: Webhook, before: String?, in store: Store
    ) async throws -> Int {
        let id = DeliveryID(partition: store.home.number, event: "state board \(place.version)", to: hook.name)
        return try await store.queue.hand(
            [NewVersion(webhook: hook.name, before: before, delivery: (id, Array(place.version.utf8)))], of: place,
            forgetting: [], waiting: [], in: store.home)
    }

    @Test("A state that has changed stays marked until its last version is on its way, whoever dies meanwhile")
    func marks() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try await publish(1, in: store, quiet: false)
            #expect(try await store.queue.changedApplications(in: store.home) == ([], [board]))
            try await publish(2, in: store)
            #expect(try await store.queue.changedApplications(in: store.home) == ([board], []))
            let old = try await place(store)
            #expect(old.number == "2" && old.told.isEmpty)
            try await publish(3, in: store)
            // What was seen meanwhile is another version: the mark stays.
            #expect(try await hand(old, to: hook, before: nil, in: store) == 1)
            #expect(try await store.queue.changedApplications(in: store.home).marked == [board])
            let new = try await place(store)
            #expect(new.told[hook.name]?.version == old.version && new.told[hook.name]?.isOnItsWay == true)
            // Who looks while one is on its way lets go of the mark; it comes back when that has ended.
            try await store.queue.hand([], of: new, forgetting: [], waiting: [hook.name], in: store.home)
            #expect(try await store.queue.changedApplications(in: store.home).marked.isEmpty)
            let claimed = try #require(try await store.claim(hook).first)
            #expect(claimed.body == Array(old.version.utf8))
            #expect(try await store.settle(claimed, .dead))
            #expect(try await store.queue.changedApplications(in: store.home).marked == [board])
            #expect(try await place(store).told[hook.name]?.isOnItsWay == false)
            #expect(try await hand(new, to: hook, before: old.version, in: store) == 1)
            #expect(try await store.queue.changedApplications(in: store.home).marked.isEmpty)
        }
    }

    @Test("Who has seen that an older version is on its way lets go of the mark only if it still is")
    func arrivedMeanwhile() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try await publish(1, in: store)
            let old = try await place(store)
            #expect(try await hand(old, to: hook, before: nil, in: store) == 1)
            try await publish(2, in: store)
            let seen = try await place(store)
            #expect(seen.told[hook.name]?.isOnItsWay == true)
            let claimed = try #require(try await store.claim(hook).first)
            #expect(try await store.settle(claimed, .succeeded))
            try await store.queue.hand([], of: seen, forgetting: [], waiting: [hook.name], in: store.home)
            #expect(try await store.queue.changedApplications(in: store.home).marked == [board])
            #expect(try await hand(seen, to: hook, before: old.version, in: store) == 1)
            #expect(try await store.queue.changedApplications(in: store.home).marked.isEmpty)
        }
    }

    @Test("A version is told to a webhook once, by whoever comes first")
    func once() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try await publish(1, in: store)
            let place = try await place(store)
            #expect(try await hand(place, to: hook, before: nil, in: store) == 1)
            #expect(try await hand(place, to: hook, before: nil, in: store) == 0)
            #expect(try await hand(place, to: hook, before: "x", in: store) == 0)
            #expect(try await store.claim(hook).count == 1)
            // Who has looked long ago does not tell what was told before.
            try await publish(2, in: store)
            let next = try await self.place(store)
            #expect(try await hand(next, to: hook, before: place.version, in: store) == 1)
            #expect(try await hand(place, to: hook, before: nil, in: store) == 0)
            #expect(try await self.place(store).told[hook.name]?.version == next.version)
        }
    }

    @Test("What webhooks know of an application that is deleted is forgotten, as is what one knew that is deleted")
    func forgotten() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try await publish(1, in: store)
            let first = try await place(store)
            #expect(try await hand(first, to: hook, before: nil, in: store) == 1)
            try await store.queue.hand([], of: first, forgetting: [hook.name], waiting: [], in: store.home)
            #expect(try await place(store).told.isEmpty)
            #expect(try await hand(first, to: hook, before: nil, in: store) == 0)
            _ = try await store.log.delete(board)
            #expect(try await store.queue.changedApplications(in: store.home).marked == [board])
            #expect(try await store.queue.versions(of: [board], in: store.home).isEmpty)
            #expect(try await store.queue.changedApplications(in: store.home).marked.isEmpty)
            #expect(try store.redis.command("EXISTS", store.key("hook-handed:board")).contains("0"))
        }
    }

    @Test("All states may be marked; what nobody wants is not")
    func recovered() async throws {
        try await withStore { store in
            try await publish(1, in: store)
            try await store.queue.unmark([board], in: store.home)
            #expect(try await store.queue.changedApplications(in: store.home).marked.isEmpty)
            let last = try await store.queue.markAll(in: store.home, after: nil)
            #expect(last == "board")
            #expect(try await store.queue.markAll(in: store.home, after: last) == nil)
            #expect(try await store.queue.changedApplications(in: store.home).marked == [board])
        }
    }

    @Test("A change that is rejected is an event, once, however often its rejection is written down")
    func rejections() async throws {
        try await withStore { store in
            let patch = #"[{"op":"test","path":"/nowhere","value":1}]"#
            let change = try Change(
                id: try ChangeID("c1"), precondition: .none, kind: .jsonPatch, parsing: Array(patch.utf8).span)
            _ = try await store.log.append([change], to: board, allOrNone: false)
            for _ in 0..<2 {
                let slice = try #require(try await store.log.read(board, after: nil))
                var replica = Replica(of: board, settings: store.log.settings)
                let progress = try replica.absorb(slice)
                let made = replica.snapshot()
                let snapshot = try #require(made)
                #expect(progress.rejections.count == 1)
                #expect(
                    try await store.log.merged(
                        board, from: 0, to: snapshot.positionToken, version: snapshot.version, stateBytes: 2,
                        rejections: progress.rejections) == .done)
            }
            let events = try await store.queue.events(in: store.home).events
            #expect(events.count == 1)
            let data = try #require(events.first?.data)
            #expect(data["id"]?.stringValue == "c1" && data["app"]?.stringValue == "board")
            #expect(data["reason"]?["type"]?.stringValue == "/problems/path-not-found")
            #expect(data["href"]?.stringValue == "/v1/apps/board/changes/c1")
        }
    }
}
