// The JSON Patch from one document to another: members one by one; arrays by what they have in common at both ends and
// element by element between. Not the shortest one, but found in linear time.

extension Document {
    /// The JSON Patch (an array of operations) that makes `new` out of `old`, byte for byte; `[]` if they are the same.
    ///
    /// It uses `add`, `remove` and `replace` only. Subtrees that both share are not looked at.
    package static func jsonPatch(from old: Document, to new: Document) -> Document {
        var difference = JSONPatchDifference()
        difference.compare(old.root, new.root)
        return Document(.array(Node(Contents(difference.operations))))
    }
}

private struct JSONPatchDifference {
    /// Arrays of different length are compared at both ends before their elements are gone into, so an element is
    /// looked at once more for each such array around it. Deeper than this they are replaced.
    private static let maximumAlignments = 8
    /// What an operation takes beside its path and value.
    private static let operationOverhead = 40

    private(set) var operations: ContiguousArray<Element> = []
    private var path: [Text] = []
    /// Rough size of the operations.
    private var encodedCount = 0
    private var alignments = 0

    mutating func compare(_ old: Value, _ new: Value) {
        switch (old, new) {
        case (.object(let oldNode), .object(let newNode)):
            if oldNode === newNode { return }
            compare(new) { $0.compareMembers(oldNode.contents, newNode.contents) }
        case (.array(let oldNode), .array(let newNode)):
            if oldNode === newNode { return }
            compare(new) { $0.compareElements(oldNode.contents, newNode.contents) }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _):
            if !old.isSpelledLike(new) { add("replace", new) }
        }
    }

    /// Collects the differences inside of a container, or replaces it where that is shorter.
    private mutating func compare(_ new: Value, _ body: (inout JSONPatchDifference) -> Void) {
        let (operationCount, countBefore) = (operations.count, encodedCount)
        body(&self)
        if encodedCount - countBefore > pathCount + new.encodedCount + Self.operationOverhead {
            operations.removeSubrange(operationCount...)
            encodedCount = countBefore
            add("replace", new)
        }
    }

    private mutating func compareMembers(_ old: Contents<Member>, _ new: Contents<Member>) {
        for pair in MemberPairs(old, new) {
            switch pair {
            case .removed(let member): at(member.name) { $0.add("remove", nil) }
            case .added(let member): at(member.name) { $0.add("add", member.value) }
            case .kept(let before, let after): at(after.name) { $0.compare(before.value, after.value) }
            }
        }
    }

    private mutating func compareElements(_ old: Contents<Element>, _ new: Contents<Element>) {
        if old.count == new.count {
            var (before, after) = (Cursor(old), Cursor(new))
            var index = 0
            while true {
                index += Cursor.skipSharedPieces(&before, &after)
                guard let first = before.current, let second = after.current else { return }
                at(Text(String(index))) { $0.compare(first.value, second.value) }
                before.advance()
                after.advance()
                index += 1
            }
        } else if alignments == Self.maximumAlignments {
            // Longer than anything else, so that the array is replaced.
            encodedCount = Int.max / 2
        } else {
            alignments += 1
            align(old.inOrder.map(\.value), new.inOrder.map(\.value))
            alignments -= 1
        }
    }

    private mutating func align(_ old: [Value], _ new: [Value]) {
        let shorter = min(old.count, new.count)
        var front = 0
        while front < shorter && old[front].isSpelledLike(new[front]) { front += 1 }
        var back = 0
        while back < shorter - front && old[old.count - 1 - back].isSpelledLike(new[new.count - 1 - back]) { back += 1 }
        for index in front..<shorter - back {
            at(Text(String(index))) { $0.compare(old[index], new[index]) }
        }
        for index in (shorter - back..<max(shorter, old.count) - back).reversed() {
            at(Text(String(index))) { $0.add("remove", nil) }
        }
        for index in shorter - back..<max(shorter, new.count) - back {
            at(Text(String(index))) { $0.add("add", new[index]) }
        }
    }

    private mutating func at(_ name: Text, _ body: (inout JSONPatchDifference) -> Void) {
        path.append(name)
        body(&self)
        path.removeLast()
    }

    private var pathCount: Int { path.reduce(0) { $0 + $1.count + 1 } }

    private mutating func add(_ operation: String, _ value: Value?) {
        var pointer = JSONPointer.root
        for name in path { pointer = pointer.appending(name) }
        let spelling = Text(pointer.bytes).escaped
        var members: ContiguousArray<Member> = [
            Member(name: Text("op"), value: .string(Text(operation))),
            Member(name: Text("path"), value: .string(spelling)),
        ]
        if let value { members.append(Member(name: Text("value"), value: value)) }
        operations.append(Element(.object(Node(Contents(members)))))
        encodedCount += spelling.count + (value?.encodedCount ?? 0) + Self.operationOverhead
    }
}
