// From the entries of a partition's events to what webhooks are sent. Everything in it comes from the entry, so that it is made alike by everybody.

import ChangeLog
import Documents
import Fold
import Redis
import Webhooks

extension WebhookEvent {
    /// Nil for what is none.
    init?(streamed pairs: [RESPValue], id: String, in partition: Partition) {
        let fields = FieldPairs(pairs)
        guard let type = fields["type"].flatMap(EventType.init(rawValue:)),
            let time = id.split(separator: "-").first.flatMap({ UInt64($0) }),
            let data = Self.data(type, fields)
        else { return nil }
        let application = fields["app"].flatMap { $0.isEmpty ? nil : try? ApplicationID($0) }
        self.init(id: id, type: type, application: application, time: time, data: data)
    }

    private static func data(_ type: EventType, _ fields: FieldPairs) -> Document? {
        func text(_ name: String) -> (String, Document)? { fields[name].map { (name, .string($0)) } }
        var members: [(String, Document)] = [text("app")].compactMap { $0 }.filter { !($0.1.stringValue ?? "").isEmpty }
        switch type {
        case .stateChanged: return nil
        case .changeRejected:
            guard let app = fields["app"], let id = fields["id"], let epoch = fields["epoch"].flatMap({ Epoch($0) }),
                let position = fields["position"].flatMap({ UInt64($0) }),
                let rejection = fields["reason"].flatMap({ Rejection($0) })
            else { return nil }
            let receipt = PositionToken(epoch: epoch, number: position)
            var reason: [(String, Document)] = [("type", .string("/problems/\(rejection.reason.rawValue)"))]
            if let operation = rejection.operation { reason.append(("operation", .integer(operation))) }
            if let pointer = rejection.pointer { reason.append(("pointer", .string(pointer))) }
            members += [
                ("id", .string(id)), ("receipt", .string("\(receipt)")), ("status", .string("rejected")),
                ("reason", .object(reason)), ("href", .string("/v1/apps/\(app)/changes/\(id)")),
            ]
        case .operationSucceeded, .operationFailed, .operationCancelled, .operationDead:
            guard let app = fields["app"], let id = fields["id"], let kind = fields["kind"] else { return nil }
            members += [
                ("id", .string(id)), ("kind", .string(kind)),
                ("status", .string(String(type.rawValue.dropFirst("operation.".count)))),
                ("href", .string("/v1/apps/\(app)/operations/\(id)")),
            ]
        case .webhookDisabled:
            guard let name = fields["hook"].flatMap({ HookName($0) }), let reason = text("reason") else { return nil }
            members += [("webhook", .string("\(name.id)")), reason]
        case .deliveryFailing, .deliveryRecovered, .deliveryDead:
            guard let name = fields["hook"].flatMap({ HookName($0) }), let delivery = fields["delivery"],
                let of = fields["of"], let attempt = fields["attempt"].flatMap({ Int($0) })
            else { return nil }
            members += [
                ("webhook", .string("\(name.id)")), ("delivery", .string(delivery)), ("event_type", .string(of)),
                ("attempts", .integer(attempt)), ("href", .string("/v1/deliveries/\(delivery)")),
            ]
        case .webhookTest: return nil
        }
        return .object(members)
    }
}
