// The operations beyond RFC 6902. Where there is nothing yet, each has something sensible to begin with, so that clients need
// not know whether they are the first.

extension Application {
    /// `increment`, `min` and `max`.
    mutating func combine(
        _ operand: Text, _ combination: PlainDecimal.Combination, at pointer: JSONPointer
    ) throws(PatchFailure) {
        guard case .existing(_, let value) = try target(pointer) else {
            try set(.number(operand), at: pointer)
            return
        }
        guard case .number(let number) = value else { throw failure(.notANumber, pointer) }
        guard let result = PlainDecimal.combine(number, operand, combination) else {
            throw failure(.numberOutOfRange, pointer)
        }
        try set(.number(result), at: pointer)
    }

    /// Adds elements that are not there by value, each once.
    mutating func union(_ elements: Contents<Element>, at pointer: JSONPointer) throws(PatchFailure) {
        switch try target(pointer) {
        case .existing(let steps, .array(let node)):
            let missing = try missing(elements, in: node.contents, pointer)
            try checkDepth(.array(Node(Contents(missing))), at: pointer)
            editor.append(missing, to: steps)
        case .existing:
            throw failure(.notAnArray, pointer)
        case .vacant:
            try set(.array(Node(Contents(try missing(elements, in: Contents(), pointer)))), at: pointer)
        case .nowhere:
            throw failure(.pathNotFound, pointer)
        }
    }

    /// What a union has to add.
    private mutating func missing(
        _ elements: Contents<Element>, in present: Contents<Element>, _ pointer: JSONPointer
    ) throws(PatchFailure) -> ContiguousArray<Element> {
        try spendSearch(present, elements, pointer)
        var search = ElementSearch(elements)
        return search.missing(in: present)
    }

    /// Removes elements that are there by value.
    mutating func subtract(_ elements: Contents<Element>, at pointer: JSONPointer) throws(PatchFailure) {
        switch try target(pointer) {
        case .existing(let steps, .array(let node)):
            try spendSearch(node.contents, elements, pointer)
            let search = ElementSearch(elements)
            let kept = ContiguousArray(node.contents.inOrder.filter { !search.contains($0.value) })
            if kept.count < node.contents.count { editor.replace(steps, with: .array(Node(Contents(kept)))) }
        case .existing: throw failure(.notAnArray, pointer)
        case .vacant, .nowhere: break
        }
    }

    /// Every element is looked at once, whatever is searched for.
    private mutating func spendSearch(
        _ present: Contents<Element>, _ elements: Contents<Element>, _ pointer: JSONPointer
    ) throws(PatchFailure) {
        try spend(
            present.count + present.encodedCount / 16 + elements.count + elements.encodedCount / 16, pointer)
    }
}
