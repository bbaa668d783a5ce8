import Documents

/// A message of the subprotocol cistern.v1 from the server, with states and patches as the bytes they came as.
enum SocketWord: Sendable, Equatable {
    case state([UInt8], version: String, position: String)
    case patch([UInt8], from: String, version: String, position: String)
    case deleted
    case ack(String, receipt: String)
    case refused(String?, Document)
    case rejected(String, Document)
    case presence(String)
    case other(String)

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes.prefix(2_000), as: UTF8.self)
        guard let document = try? Document(parsing: bytes, limits: ParsingLimits(depth: 200)) else {
            self = .other(text)
            return
        }
        self = Self.read(document, bytes) ?? .other(text)
    }

    private static func read(_ message: Document, _ bytes: [UInt8]) -> SocketWord? {
        func text(_ name: String, in document: Document) -> String? { document[name]?.stringValue }
        // Sorted.
        let names = message.members.map(\.name)
        switch names.last(where: { !["from", "position", "version"].contains($0) }) {
        case "state":
            guard names == ["position", "state", "version"], let version = text("version", in: message),
                let position = text("position", in: message),
                let state = between("{\"state\":", ",\"version\":\"", bytes)
            else { return nil }
            return .state(state, version: version, position: position)
        case "patch":
            guard names == ["from", "patch", "position", "version"], let from = text("from", in: message),
                let version = text("version", in: message), let position = text("position", in: message),
                let patch = between("{\"patch\":", ",\"from\":\"", bytes)
            else { return nil }
            return .patch(patch, from: from, version: version, position: position)
        case "deleted": return message.encoded() == Array("{\"deleted\":true}".utf8) ? .deleted : nil
        case "ack":
            guard let ack = message["ack"], let id = text("id", in: ack), let receipt = text("receipt", in: ack) else {
                return nil
            }
            return .ack(id, receipt: receipt)
        case "refused":
            guard let refused = message["refused"], let problem = refused["problem"] else { return nil }
            return .refused(text("id", in: refused), problem)
        case "rejected":
            guard let rejected = message["rejected"], let id = text("id", in: rejected), let reason = rejected["reason"]
            else { return nil }
            return .rejected(id, reason)
        case "presence": return .presence(String(decoding: bytes.dropFirst(12).dropLast(), as: UTF8.self))
        case _: return nil
        }
    }

    private static func between(_ start: String, _ end: String, _ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.starts(with: start.utf8) else { return nil }
        // The tokens behind the JSON are short.
        let tail = max(0, bytes.count - 300)
        let ends = bytes[tail...].ranges(of: Array(end.utf8))
        guard let last = ends.last else { return nil }
        return Array(bytes[start.utf8.count..<last.lowerBound])
    }

    /// The change that it is about.
    var id: String? {
        switch self {
        case .ack(let id, _), .rejected(let id, _): id
        case .refused(let id, _): id
        case .state, .patch, .deleted, .presence, .other: nil
        }
    }

    var version: String? {
        switch self {
        case .state(_, let version, _), .patch(_, _, let version, _): version
        case .deleted, .ack, .refused, .rejected, .presence, .other: nil
        }
    }

    var isState: Bool { if case .state = self { true } else { false } }
    var isPatch: Bool { if case .patch = self { true } else { false } }
}

extension Document {
    /// Of a problem.
    var slug: String { self["type"]?.stringValue?.replacing("/problems/", with: "") ?? "no type" }
}

extension ClientCopy {
    /// Takes an update; what else a socket is told changes nothing.
    mutating func take(_ word: SocketWord) {
        switch word {
        case .state(let bytes, let version, _): takeState(version, bytes)
        case .patch(let patch, let from, let version, _):
            let isArray = patch.first == UInt8(ascii: "[")
            let kind = isArray ? Manipulation.jsonPatch : Manipulation.mergePatch
            takePatch(kind.rawValue, from: from, to: version, patch)
        case .deleted: takeAbsence()
        case .ack, .refused, .rejected, .presence: break
        case .other(let text): violate("a message that means nothing: \(text.prefix(200))")
        }
    }
}
