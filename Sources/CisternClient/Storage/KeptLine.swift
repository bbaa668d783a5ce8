// One update of a storage as a line of a file: `<checksum> {"client","generation","last","put":[…],"drop":[…]}`.

import Documents
import Fold

enum KeptLine {
    static func encoded(_ update: KeptQueue.Update) -> [UInt8] {
        let body = Document.object([
            ("client", .string(update.client)), ("generation", .integer(update.generation)),
            ("last", .integer(update.last)), ("put", .array(update.put.map(document))),
            ("drop", .array(update.drop.map { .integer($0) })),
        ]).encoded()
        return Array(Checksum(body).description.utf8) + [UInt8(ascii: " ")] + body + [UInt8(ascii: "\n")]
    }

    /// - Parameter line: without its line feed.
    /// - Returns: nil if it is not whole.
    static func decoded(_ line: ArraySlice<UInt8>) -> KeptQueue.Update? {
        let digits = line.prefix { $0 != UInt8(ascii: " ") }
        let body = line[digits.endIndex...].dropFirst()
        guard digits.elementsEqual(Checksum(body).description.utf8),
            let document = try? Document(
                parsing: Array(body), limits: ParsingLimits(depth: ParsingLimits.maximumDepth)),
            let client = document["client"]?.stringValue, let generation = document["generation"]?.integerValue,
            let last = document["last"]?.unsignedValue, let put = document["put"], let drop = document["drop"]
        else { return nil }
        let changes = put.elements.compactMap(change)
        let orders = drop.elements.compactMap(\.unsignedValue)
        guard changes.count == put.count, orders.count == drop.count else { return nil }
        return KeptQueue.Update(client: client, generation: generation, last: last, put: changes, drop: orders)
    }

    private static func document(_ change: KeptChange) -> Document {
        // Only what was parsed before is ever kept.
        let patch = (try? Document(parsing: change.patch.bytes)) ?? .null
        var members: [(String, Document)] = [
            ("order", .integer(change.order)), ("key", .string(change.key)), ("client", .string(change.client)),
            ("number", .integer(change.number)), ("type", .string(change.kind.rawValue)), ("change", patch),
            ("time", .integer(change.time)),
        ]
        switch change.condition {
        case .version(let version): members.append(("if_match", .string(version.description)))
        case .exists: members.append(("if_match", .string("*")))
        case .isNew: members.append(("if_none_match", .string("*")))
        case nil: break
        }
        return .object(members)
    }

    private static func change(_ document: Document) -> KeptChange? {
        guard let order = document["order"]?.unsignedValue, let key = document["key"]?.stringValue,
            let client = document["client"]?.stringValue, let number = document["number"]?.unsignedValue,
            let kind = document["type"]?.stringValue.flatMap({ Change.Kind(rawValue: $0) }),
            let patch = document["change"], let time = document["time"]?.unsignedValue
        else { return nil }
        let condition: Change.Condition?
        switch (document["if_match"]?.stringValue, document["if_none_match"]) {
        case (nil, nil): condition = nil
        case (nil, _?): condition = .isNew
        case ("*", _): condition = .exists
        case (let text?, _):
            guard let version = Version(text) else { return nil }
            condition = .version(version)
        }
        return KeptChange(
            order: order, key: key, client: client, number: number, kind: kind,
            patch: JSONText(bytes: patch.encoded()), condition: condition, time: time)
    }
}

extension Document {
    fileprivate var unsignedValue: UInt64? { integerValue.flatMap { UInt64(exactly: $0) } }
}
