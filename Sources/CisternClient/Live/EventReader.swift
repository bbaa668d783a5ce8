// Server-Sent Events (HTML §9.2) read from pieces of bytes, at any split.

import Documents
import Fold

struct EventReader {
    /// Nothing that a Cistern server sends: an event that is larger than the largest answer, or whose data is not JSON.
    struct Strange: Error, CustomStringConvertible {
        let description: String
    }

    /// The line that is not complete yet.
    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var version: VersionToken?
    private var position: PositionToken?
    /// The version that the next patch goes on from.
    private var last: VersionToken?

    init(have: VersionToken?) { last = have }

    /// - Returns: what the bytes complete.
    mutating func read<Bytes: Collection<UInt8>>(_ bytes: Bytes) throws(Strange) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        // The server ends lines by a line feed alone.
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line += rest[..<end]
            rest = rest[end...].dropFirst()
            try take(&events)
            line.removeAll(keepingCapacity: line.count < Self.keptCapacity)
        }
        line += rest
        guard line.count + data.count <= Transport.maximumAnswerBytes else {
            throw Strange(description: "an event of it has more than \(Transport.maximumAnswerBytes) bytes")
        }
        return events
    }

    /// Bytes. A large state comes once, what follows are small patches.
    private static let keptCapacity = 64 << 10

    private mutating func take(_ events: inout [Event]) throws(Strange) {
        if line.isEmpty {
            if !data.isEmpty { try complete(&events) }
            (name, data, version, position) = ("", [], nil, nil)
            return
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
        var value = line.dropFirst(colon + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data += value
        case "id": version = VersionToken(String(decoding: value, as: UTF8.self))
        case "position": position = PositionToken(String(decoding: value, as: UTF8.self))
        case "": events.append(.heard)
        default: break
        }
    }

    private mutating func complete(_ events: inout [Event]) throws(Strange) {
        let document: Document
        do {
            document = try Document(parsing: data, limits: ParsingLimits(depth: ParsingLimits.maximumDepth))
        } catch {
            throw Strange(description: "the data of an event is not JSON: \(error)")
        }
        switch name {
        case "state": events.append(told(.state(document)))
        case "patch":
            events.append(told(.patch(document, from: last)))
        case "deleted": events.append(.told(Told(content: .unknown), purpose: nil))
        case "presence": events.append(.present(document.presentClients))
        default: break
        }
        if let version { last = version }
    }

    private func told(_ content: Told.Content) -> Event {
        .told(Told(content: content, version: version, position: position), purpose: nil)
    }
}
