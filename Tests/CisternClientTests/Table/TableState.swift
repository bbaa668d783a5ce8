// What the table says a client is given, and what happens to it, as this client's own values.

import Documents
import Fold
import Testing

@testable import CisternClient

struct TableState {
    let state: ClientState

    init(_ given: Document) throws {
        let held = given["held"].map(Self.held) ?? Held()
        state = ClientState(
            queue: try Self.queue(given["queue"] ?? .emptyObject), held: held, exists: given["exists"]?.boolValue,
            delivery: Self.delivery(given["delivery"] ?? .emptyObject),
            presence: Self.presence(given["presence"] ?? .emptyObject),
            questions: (given["questions"] ?? .null).elements.map { question in
                Question(
                    id: question["id"]?.stringValue ?? "", key: question["key"]?.stringValue ?? "",
                    isAsked: question["isAsked"]?.boolValue ?? false)
            },
            isOnline: given["isOnline"]?.boolValue ?? true,
            timers: (given["timers"] ?? .null).elements.compactMap {
                $0.stringValue.flatMap { TimerName(rawValue: $0) }
            })
    }

    private static func held(_ given: Document) -> Held {
        var held = Held()
        if let now = given["now"], let epoch = Epoch(now["epoch"]?.stringValue ?? "") {
            held.now = Held.Now(
                epoch: epoch, version: now["version"]?.unsigned ?? 0, position: now["position"]?.unsigned ?? 0,
                value: now["value"] ?? .null)
        }
        for (name, position) in (given["left"] ?? .emptyObject).members {
            if let epoch = Epoch(name) { held.left.append((epoch, position.unsigned ?? 0)) }
        }
        if let strange = given["strange"], let epoch = Epoch(strange["epoch"]?.stringValue ?? "") {
            held.strange = (epoch, strange["isRipe"]?.boolValue ?? false)
        }
        return held
    }

    private static func queue(_ given: Document) throws -> ChangeQueue {
        ChangeQueue(
            client: given["client"]?.stringValue ?? "", generation: given["generation"]?.integerValue ?? 1,
            last: given["last"]?.unsigned ?? 0, items: try (given["items"] ?? .null).elements.map(item),
            batch: given["batch"]?.integerValue ?? ChangeQueue.batchChanges)
    }

    private static func item(_ given: Document) throws -> PendingChange {
        var item = try PendingChange(
            KeptChange(
                order: given["order"]?.unsigned ?? 0, key: given["key"]?.stringValue ?? "",
                client: given["client"]?.stringValue ?? "", number: given["number"]?.unsigned ?? 0,
                kind: try #require(given["type"]?.stringValue.flatMap { ClientChange.Kind(rawValue: $0) }),
                patch: JSONText(bytes: try #require(given["change"]).encoded()), condition: nil, time: 0))
        item.mayBeRepeat = given["mayBeRepeat"]?.boolValue ?? true
        item.isStray = given["isStray"]?.boolValue ?? false
        switch given["stage"]?.stringValue {
        case "sent": item.stage = .sent
        case "acknowledged":
            let receipt = try #require(given["receipt"])
            item.stage = .acknowledged(
                .init(
                    position: PositionToken(
                        epoch: try #require(Epoch(receipt["epoch"]?.stringValue ?? "")),
                        number: try #require(receipt["number"]?.unsigned)),
                    isExact: receipt["isExact"]?.boolValue ?? false, isApplied: false))
        default: break
        }
        return item
    }

    private static func delivery(_ given: Document) -> Delivery {
        let ways = given["ways"].map { $0.elements.compactMap { $0.stringValue.flatMap { Way(rawValue: $0) } } }
        var delivery = Delivery(ways: ways ?? Way.allCases)
        delivery.at = given["at"]?.integerValue ?? 0
        delivery.phase = given["phase"]?.stringValue.flatMap { Delivery.Phase(rawValue: $0) } ?? .idle
        delivery.failures = given["failures"]?.integerValue ?? 0
        return delivery
    }

    private static func presence(_ given: Document) -> Presence {
        var presence = Presence()
        presence.said = given["value"].map { $0.isNull ? .gone : .here($0) } ?? .nothing
        presence.isWanted = given["wanted"]?.boolValue ?? false
        presence.failures = given["failures"]?.integerValue ?? 0
        presence.over = given["over"]?.stringValue.flatMap { Route(rawValue: $0) }
        return presence
    }
}

enum TableEvent {
    static func event(_ event: Document) -> Event? {
        let id = event["id"]?.stringValue ?? ""
        let purpose = event["purpose"]?.stringValue.flatMap { PollPurpose(rawValue: $0) }
        let way = event["way"]?.stringValue.flatMap { Way(rawValue: $0) }
        switch event["type"]?.stringValue {
        case "start": return .start
        case "stop": return .stop
        case "online": return .online
        case "offline": return .offline
        case "timer": return event["name"]?.stringValue.flatMap { TimerName(rawValue: $0) }.map { .timer($0) }
        case "push": return change(event).map { .push($0) }
        case "pushed":
            let results = (event["results"] ?? .null).elements.map(result)
            return results.contains { $0 == nil } ? nil : .pushed(results.compactMap { $0 })
        case "push-failed": return .pushFailed(failing(event))
        case "ack": return token(event["receipt"]).map { .acknowledged(id: id, receipt: $0) }
        case "refused": return .refused(id: id, failing(event))
        case "rejected": return .rejected(id: id, event["reason"].flatMap { Problem($0, status: 0) })
        case "outcome":
            let reason = event["reason"].flatMap { Problem($0, status: 0) }
            switch event["status"]?.stringValue {
            case "applied": return .outcome(id: id, .applied)
            case "rejected": return .outcome(id: id, .rejected(reason))
            case "dropped": return .outcome(id: id, .dropped)
            case "unknown": return .outcome(id: id, .unknown)
            default: return nil
            }
        case "ask-failed": return .askFailed(id: id, failing(event))
        case "opened": return way.map { .opened($0) }
        case "heard": return .heard
        case "closed": return way.map { .closed($0, isFinal: event["isFinal"]?.boolValue ?? false, failing(event)) }
        case "state": return event["state"].map { .told(told(event, .state($0)), purpose: purpose) }
        case "patch":
            let from = event["from"]?.stringValue.flatMap { VersionToken($0) }
            return event["patch"].map { .told(told(event, .patch($0, from: from)), purpose: purpose) }
        case "unchanged":
            let waited = event["waited"]?.boolValue ?? true
            return .told(told(event, .unchanged(waited: waited)), purpose: purpose)
        case "unknown": return .told(told(event, .unknown), purpose: purpose)
        case "poll-failed": return purpose.map { .pollFailed($0, failing(event)) }
        case "say": return event["value"].map { .say($0.isNull ? nil : $0) }
        case "said": return .said
        case "say-failed": return .sayFailed(failing(event))
        case "watch-presence": return .watchPresence
        case "present":
            return .present(
                Document.object([("clients", event["clients"] ?? .emptyObject)]).presentClients,
                tag: event["tag"]?.stringValue)
        default: return nil
        }
    }

    private static func change(_ event: Document) -> NewChange? {
        guard let kind = event["mediaType"]?.stringValue.flatMap({ ClientChange.Kind(rawValue: $0) }),
            let change = event["change"]
        else { return nil }
        var condition: ClientChange.Condition?
        if let text = event["if_match"]?.stringValue { condition = Version(text).map { .version($0) } ?? .exists }
        if event["if_none_match"] != nil { condition = .isNew }
        return NewChange(
            key: event["key"]?.stringValue ?? "", kind: kind, change: change, condition: condition,
            bytes: event["bytes"]?.integerValue ?? 0, time: 0)
    }

    private static func result(_ document: Document) -> Acknowledgement? {
        guard let id = document["id"]?.stringValue, let receipt = token(document["receipt"]) else { return nil }
        let outcome: Acknowledgement.Outcome
        switch document["status"]?.stringValue {
        case "pending": outcome = .pending
        case "applied": outcome = .applied
        case "dropped": outcome = .dropped
        case "rejected":
            guard let reason = document["reason"].flatMap({ Problem($0, status: 0) }) else { return nil }
            outcome = .rejected(reason)
        default: return nil
        }
        return Acknowledgement(
            id: id, position: Position(receipt), isNew: document["created"]?.boolValue, outcome: outcome)
    }

    private static func told(_ event: Document, _ content: Told.Content) -> Told {
        Told(
            content: content, version: event["version"]?.stringValue.flatMap { VersionToken($0) },
            position: token(event["position"]),
            interval: event["interval"]?.integerValue.map { .milliseconds($0) })
    }

    private static func token(_ document: Document?) -> PositionToken? {
        document?.stringValue.flatMap { PositionToken($0) }
    }

    /// A problem with a type is the server's; with a status alone it is an answer of somebody else; with neither there was none.
    private static func failing(_ event: Document) -> Failing {
        let retryAfter = Duration.milliseconds(event["retryAfter"]?.integerValue ?? 0)
        guard let problem = event["problem"] else { return Failing(retryAfter: retryAfter) }
        let title = problem["title"]?.stringValue ?? ""
        let error: CisternError =
            if let problem = Problem(problem, status: 0) {
                .refused(problem)
            } else if let status = problem["status"]?.integerValue {
                .unexpectedAnswer(url: "", status: status, reason: title)
            } else { .unreachable(url: "", reason: title) }
        return Failing(error: error, retryAfter: retryAfter)
    }
}

extension Document {
    fileprivate var unsigned: UInt64? { integerValue.flatMap { UInt64(exactly: $0) } }
}
