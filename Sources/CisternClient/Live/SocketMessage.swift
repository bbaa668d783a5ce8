// The messages of a socket: those that come as events, and those that go.

import Documents
import Fold

enum SocketMessage {
    /// Close codes after which the way is closed to this client: too many wait already, or its messages are not taken.
    static let finalCodes: Set<Int> = [1002, 1003, 1007, 1008, 1009, 1013]

    static func push(_ change: OutgoingChange) -> [UInt8] {
        Document.object([("push", BatchWriting.element(change))]).encoded()
    }

    static func say(_ value: Document?, life: Duration?) -> [UInt8] {
        var members: [(String, Document)] = [("presence", value ?? .null)]
        if let life { members.append(("ttl", .integer(Int(life.components.seconds)))) }
        return Document.object(members).encoded()
    }

    /// A message as an event; nil for one of a later version of the protocol.
    static func event(_ message: Document) -> Event? {
        let version = message["version"]?.stringValue.flatMap { VersionToken($0) }
        let position = message["position"]?.stringValue.flatMap { PositionToken($0) }
        if let state = message["state"] {
            return .told(Told(content: .state(state), version: version, position: position), purpose: nil)
        }
        if let patch = message["patch"] {
            let from = message["from"]?.stringValue.flatMap { VersionToken($0) }
            return .told(Told(content: .patch(patch, from: from), version: version, position: position), purpose: nil)
        }
        if message["deleted"]?.boolValue == true { return .told(Told(content: .unknown), purpose: nil) }
        if let ack = message["ack"] {
            guard let id = ack["id"]?.stringValue, let receipt = ack["receipt"]?.stringValue.flatMap(PositionToken.init)
            else { return nil }
            return .acknowledged(id: id, receipt: receipt)
        }
        if let rejected = message["rejected"] {
            guard let id = rejected["id"]?.stringValue else { return nil }
            return .rejected(id: id, rejected["reason"].flatMap { Problem($0) })
        }
        if let presence = message["presence"] { return .present(presence.presentClients) }
        if let refused = message["refused"] {
            let failing = Failing(refused["problem"])
            return refused["id"]?.stringValue.map { .refused(id: $0, failing) } ?? .sayFailed(failing)
        }
        return nil
    }
}

extension Failing {
    /// What a message says is wrong.
    fileprivate init(_ document: Document?) {
        error = document.flatMap { Problem($0) }.map { .refused($0) }
        retryAfter = document?["retry_after"]?.integerValue.map { .seconds(min(max($0, 0), 3_600)) } ?? .zero
    }
}
