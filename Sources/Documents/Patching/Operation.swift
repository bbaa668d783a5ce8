// One operation of a JSON Patch and how it is read: all of RFC 6902 section 4, with members it does not define ignored.

struct Operation: Sendable {
    let action: Action
    let path: JSONPointer

    enum Action: Sendable {
        case add(Value)
        case remove
        case replace(Value)
        case move(from: JSONPointer)
        case copy(from: JSONPointer)
        case test(Value)
        /// `increment`, `min` and `max`.
        case combine(Text, PlainDecimal.Combination)
        case union(Contents<Element>)
        case subtract(Contents<Element>)
        case timestamp
    }
}

/// Reads an operation out of its JSON object, or says what is wrong with it.
struct OperationReader {
    let value: Value
    /// Where the object is in the patch.
    let index: Int

    private var place: JSONPointer { JSONPointer.root.appending(index) }

    private static let extensions = ["increment", "min", "max", "union", "subtract", "timestamp"]

    // The names of the members that RFC 6902 defines.
    private static let op = Text("op")
    private static let path = Text("path")
    private static let from = Text("from")
    private static let value = Text("value")

    func read(extended: Bool) throws(PatchError) -> Operation {
        guard case .object(let node) = value else {
            throw .invalidPatch(pointer: place, message: "an operation is an object")
        }
        let members = node.contents
        let name = try string(Self.op, in: members)
        let path = try pointer(Self.path, in: members)
        return Operation(action: try action(name.string, members, path, extended: extended), path: path)
    }

    private func action(
        _ name: String, _ members: Contents<Member>, _ path: JSONPointer, extended: Bool
    ) throws(PatchError) -> Operation.Action {
        switch (name, extended) {
        case ("add", _): return .add(try member(Self.value, in: members))
        case ("remove", _): return .remove
        case ("replace", _): return .replace(try member(Self.value, in: members))
        case ("move", _):
            let from = try pointer(Self.from, in: members)
            if from.isProperPrefix(of: path) {
                throw error(Self.from, "a value cannot be moved into itself")
            }
            return .move(from: from)
        case ("copy", _): return .copy(from: try pointer(Self.from, in: members))
        case ("test", _): return .test(try member(Self.value, in: members))
        case ("increment", true): return .combine(try number(in: members), .sum)
        case ("min", true): return .combine(try number(in: members), .minimum)
        case ("max", true): return .combine(try number(in: members), .maximum)
        case ("union", true): return .union(try elements(in: members))
        case ("subtract", true): return .subtract(try elements(in: members))
        case ("timestamp", true): return .timestamp
        default:
            let quoted = name.quoted
            if Self.extensions.contains(name) {
                throw error(
                    Self.op,
                    "the operation \(quoted) is not part of RFC 6902, but of application/vnd.cistern.patch+json")
            }
            throw error(Self.op, "there is no operation \(quoted)")
        }
    }

    private func error(_ member: Text, _ message: String) -> PatchError {
        .invalidPatch(pointer: place.appending(member), message: message)
    }

    private func member(_ name: Text, in members: Contents<Member>) throws(PatchError) -> Value {
        guard let value = members[name] else {
            throw .invalidPatch(pointer: place, message: "the operation has no member \"\(name.string)\"")
        }
        return value
    }

    private func string(_ name: Text, in members: Contents<Member>) throws(PatchError) -> Text {
        guard case .string(let text) = try member(name, in: members) else {
            throw error(name, "\"\(name.string)\" has to be a string")
        }
        return text.unescaped
    }

    private func pointer(_ name: Text, in members: Contents<Member>) throws(PatchError) -> JSONPointer {
        let text = try string(name, in: members)
        do {
            return try JSONPointer(text.bytes)
        } catch let problem {
            throw error(name, problem.message)
        }
    }

    private func number(in members: Contents<Member>) throws(PatchError) -> Text {
        guard case .number(let text) = try member(Self.value, in: members) else {
            throw error(Self.value, "\"value\" has to be a number for this operation")
        }
        return text
    }

    private func elements(in members: Contents<Member>) throws(PatchError) -> Contents<Element> {
        guard case .array(let node) = try member(Self.value, in: members) else {
            throw error(Self.value, "\"value\" has to be an array for this operation")
        }
        return node.contents
    }
}
