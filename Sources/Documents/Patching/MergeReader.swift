// The algorithm of RFC 7396 section 2, with the patch read from its bytes on the way.

/// Reads a merge patch that was found valid and in canonical order, so nothing that the parser could throw can happen here, and
/// recursion is limited. The bytes are given to each method, so that they need not be copied.
struct MergeReader {
    private var parser = Parser(limits: ParsingLimits(depth: ParsingLimits.maximumDepth))

    /// Merges the patch at the offset into a value.
    mutating func merge(_ bytes: Span<UInt8>, into value: inout Value) {
        guard bytes[parser.offset] == UInt8(ascii: "{") else {
            value = readValue(bytes)
            return
        }
        if value.modifyObject({ mergeMembers(bytes, into: &$0) }) == nil { value = readObject(bytes) }
    }

    private mutating func mergeMembers(_ bytes: Span<UInt8>, into members: inout Contents<Member>) {
        parser.offset += 1
        while let name = nextName(bytes) { mergeMember(bytes, name, into: &members) }
    }

    private mutating func mergeMember(_ bytes: Span<UInt8>, _ name: Text, into members: inout Contents<Member>) {
        let (isFound, position) = members.find(name)
        switch bytes[parser.offset] {
        case UInt8(ascii: "n"):
            skipNull()
            if isFound { _ = members.remove(at: position) }
        case UInt8(ascii: "{") where isFound && members.isObject(at: position):
            members.update(at: position) { merge(bytes, into: &$0) }
        case UInt8(ascii: "{"):
            members.set(name, to: readObject(bytes), isFound, position)
        default:
            members.set(name, to: readValue(bytes), isFound, position)
        }
    }

    /// What an object makes of nothing: members that are null are left out, at every level of objects.
    private mutating func readObject(_ bytes: Span<UInt8>) -> Value {
        parser.offset += 1
        var members: ContiguousArray<Member> = []
        while let name = nextName(bytes) {
            switch bytes[parser.offset] {
            case UInt8(ascii: "n"): skipNull()
            case UInt8(ascii: "{"): members.append(Member(name: name, value: readObject(bytes)))
            default: members.append(Member(name: name, value: readValue(bytes)))
            }
        }
        return members.isEmpty ? .emptyObject : .object(Node(Contents(members)))
    }

    /// The name of the next member, nil behind the last one. The offset is then behind its colon or behind the object.
    private mutating func nextName(_ bytes: Span<UInt8>) -> Text? {
        if bytes[parser.offset] == UInt8(ascii: ",") { parser.offset += 1 }
        let name = bytes[parser.offset] == quote ? try? parser.parseString(bytes).name(in: bytes) : nil
        parser.offset += 1
        return name
    }

    /// A value that is no object: just what the parser makes of it, as arrays keep the nulls in them.
    private mutating func readValue(_ bytes: Span<UInt8>) -> Value {
        (try? parser.parseValue(bytes, depth: 0)) ?? .null
    }

    private mutating func skipNull() {
        parser.offset += 4
    }
}

extension Contents<Member> {
    fileprivate func isObject(at position: Position) -> Bool {
        if hasPieces { return pieces[position.piece].node.contents.entries[position.index].value.isObject }
        return entries[position.index].value.isObject
    }

    /// Sets what was looked for.
    fileprivate mutating func set(_ name: Text, to value: Value, _ isFound: Bool, _ position: Position) {
        if isFound {
            _ = replace(at: position, with: value)
        } else {
            insert(Member(name: name, value: value), at: position)
        }
    }
}
