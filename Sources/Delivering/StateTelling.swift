// Puts new versions of states on their way: of each application the last one, once nothing older is on its way to the same webhook.

import ChangeLog
import Documents
import Fold
import SnapshotCache
import WebhookQueue
import Webhooks

struct StateTelling: Sendable {
    let queue: DeliveryQueue
    let hooks: HookList
    let cache: SnapshotCache
    let known = KnownStates()

    /// Looks at all applications of a partition that may have another version than was told of.
    func tell(in partition: Partition) async throws(LogError) {
        let (marked, dirty) = try await queue.changedApplications(in: partition)
        // Whoever asked for a webhook before these were marked is among them.
        try await hooks.refresh()
        let wanting = hooks.webhooks.filter { $0.isEnabled && $0.subscription.types.contains(.stateChanged) }
        func isWanted(_ application: ApplicationID) -> Bool {
            wanting.contains { $0.subscription.concerns(application) }
        }
        let unwanted = marked.filter { !isWanted($0) }
        if !unwanted.isEmpty {
            try await queue.unmark(unwanted, in: partition)
            // Somebody has come meanwhile, and may want what was marked since.
            if try await hooks.refresh() { try await queue.unmark(unwanted, isTakenBack: true, in: partition) }
        }
        let applications = Array(Set(marked).union(dirty)).filter(isWanted)
        let isMarked = Set(marked)
        for start in stride(from: 0, to: applications.count, by: WebhookLimits.applicationsAtOnce) {
            let some = Array(applications[start..<min(start + WebhookLimits.applicationsAtOnce, applications.count)])
            for place in try await queue.versions(of: some, in: partition) {
                try await tell(place, to: wanting, isMarked: isMarked.contains(place.application), in: partition)
            }
        }
    }

    private func tell(
        _ place: ApplicationVersion, to wanting: [Webhook], isMarked: Bool, in partition: Partition
    ) async throws(LogError) {
        var place = place
        var state: Document?
        if !receivers(of: place, among: wanting).isEmpty {
            guard let found = try await lookAgain(at: place, in: partition) else { return }
            (place, state) = found
        }
        let names = hooks.names
        let forgotten = place.told.keys.filter { !names.contains($0) }
        let receivers = receivers(of: place, among: wanting)
        guard !receivers.isEmpty || !forgotten.isEmpty || isMarked else { return }
        var versions: [NewVersion] = []
        for webhook in receivers { versions.append(await version(place, state, for: webhook, in: partition)) }
        let waiting = wanting.map(\.name).filter { name in
            place.told[name].map { $0.isOnItsWay && $0.version != place.version } ?? false
        }
        try await queue.hand(versions, of: place, forgetting: forgotten, waiting: waiting, in: partition)
    }

    /// Those that know of another version, and that none is on its way to.
    private func receivers(of place: ApplicationVersion, among wanting: [Webhook]) -> [Webhook] {
        wanting.filter { webhook in
            guard webhook.subscription.concerns(place.application), place.published >= webhook.created else {
                return false
            }
            guard let told = place.told[webhook.name] else { return place.number != "0" }
            return told.version != place.version && !told.isOnItsWay
        }
    }

    /// Snapshots are stored before they are published: one that is ahead is waited for so often, and so long each time.
    private static let looks = 4
    private static let lookPause: Duration = .milliseconds(5)

    /// The state is fetched first, and then it is seen what is published: the state's version is told if it is among that, else the last one
    /// without the state.
    ///
    /// - Returns: nil if the application is gone.
    private func lookAgain(
        at place: ApplicationVersion, in partition: Partition
    ) async throws(LogError) -> (ApplicationVersion, Document?)? {
        let snapshot = try? await cache.find(place.application)
        var look = 1
        while true {
            guard let now = try await queue.versions(of: [place.application], in: partition).first else { return nil }
            guard let snapshot, "\(snapshot.epoch)" == now.epoch, let published = UInt64(now.number),
                // Never behind what was told before.
                let seen = UInt64(place.number), snapshot.version >= seen
            else { return (now, nil) }
            if snapshot.version <= published {
                guard let state = try? Document(parsing: Array(snapshot.state)) else { return (now, nil) }
                let told = now.at(snapshot.version)
                await known.add(state, bytes: snapshot.state.count, of: place.application, at: told.version)
                return (told, state)
            }
            guard look < Self.looks else { return (now, nil) }
            look += 1
            try? await Task.sleep(for: Self.lookPause)
        }
    }

    private func version(
        _ place: ApplicationVersion, _ state: Document?, for webhook: Webhook, in partition: Partition
    ) async -> NewVersion {
        let before = place.told[webhook.name]?.version
        let old: Document? = if let before { await known.state(of: place.application, at: before) } else { nil }
        guard let news = StateNews(place, from: before, old, to: state, for: webhook.subscription) else {
            return NewVersion(webhook: webhook.name, before: before, delivery: nil)
        }
        let id = DeliveryID(
            partition: partition.number, event: "state \(place.application) \(place.version)", to: webhook.name)
        return NewVersion(webhook: webhook.name, before: before, delivery: (id, news.event(id).body))
    }
}

/// What is told of a new version.
struct StateNews {
    let application: ApplicationID
    let time: UInt64
    let data: Document

    /// Nil if the part that the webhook is about is the same as before.
    ///
    /// - Parameters:
    ///   - before: The version that was told before.
    ///   - old: Its state, if it is known.
    init?(
        _ place: ApplicationVersion, from before: String?, _ old: Document?, to state: Document?,
        for subscription: Subscription
    ) {
        var members: [(String, Document)] = [
            ("app", .string("\(place.application)")), ("version", .string(place.version)),
            ("href", .string("/v1/apps/\(place.application)/state")),
        ]
        if subscription.path != .root { members.append(("path", .string("\(subscription.path)"))) }
        if let before, let old, let state {
            let (oldPart, part) = (old[subscription.path], state[subscription.path])
            if subscription.path != .root, oldPart?.encoded() == part?.encoded() { return nil }
            if let oldPart, let part, let patch = Document.mergePatch(from: oldPart, to: part),
                patch.encodedCount <= WebhookLimits.patchBytes
            {
                members += [("from", .string(before)), ("patch", patch)]
            }
        }
        application = place.application
        time = place.published
        data = .object(members)
    }

    func event(_ id: DeliveryID) -> WebhookEvent {
        WebhookEvent(id: "\(id)", type: .stateChanged, application: application, time: time, data: data)
    }
}
