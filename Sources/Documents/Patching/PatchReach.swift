// Which places of a document a patch may change or look at, told from the patch alone, whatever document it meets.
//
// A merge patch reaches the places where its members end: `{"a":{"b":1}}` reaches `/a/b`. On the way there it makes an object of
// what is none (RFC 7396), which no patch says; whoever gives somebody a part below an object vouches for the object.
//
// An operation reaches its `path` and its `from`, `test` too, because it finds out what is there. Adding and removing an element
// of an array moves the ones behind it, so it reaches the array: a part that is itself an element may be replaced, but neither
// added nor taken away.

/// A place that a patch reaches outside of the parts that it may reach.
package struct PatchStray: Equatable, Sendable {
    /// What in the patch reaches there.
    package let pointer: JSONPointer
    /// The place in the document.
    package let place: JSONPointer

    package init(pointer: JSONPointer, place: JSONPointer) {
        self.pointer = pointer
        self.place = place
    }
}

extension Patch {
    /// The first place outside of all these parts; nil if there is none.
    package func stray(from parts: [JSONPointer]) -> PatchStray? {
        switch content {
        case .merge(let patch): patch.stray(from: parts)
        case .operations(let operations):
            operations.enumerated().lazy.compactMap { $0.element.stray(from: parts, index: $0.offset) }.first
        }
    }
}

extension JSONPointer {
    /// Whether this leads to the very place or into it.
    package func isWithin(_ part: JSONPointer) -> Bool { tokens.starts(with: part.tokens) }

    /// Whether the last step may lead to an element of an array.
    var mayBeElement: Bool { tokens.last?.index != nil }

    /// Whether one of the steps may lead to an element of an array.
    var mayPassArray: Bool { tokens.contains { $0.index != nil } }
}

extension Operation {
    fileprivate func stray(from parts: [JSONPointer], index: Int) -> PatchStray? {
        let place = JSONPointer.root.appending(index)
        switch action {
        case .replace, .test:
            return stray(path, at: place.appending("path"), parts, isMoving: false)
        case .add, .remove, .combine, .union, .subtract, .timestamp:
            return stray(path, at: place.appending("path"), parts, isMoving: true)
        case .move(let from):
            return stray(from, at: place.appending("from"), parts, isMoving: true)
                ?? stray(path, at: place.appending("path"), parts, isMoving: true)
        case .copy(let from):
            return stray(from, at: place.appending("from"), parts, isMoving: false)
                ?? stray(path, at: place.appending("path"), parts, isMoving: true)
        }
    }

    /// - Parameter isMoving: Whether elements of an array around the target may get other places.
    private func stray(
        _ target: JSONPointer, at pointer: JSONPointer, _ parts: [JSONPointer], isMoving: Bool
    ) -> PatchStray? {
        let isWithin = parts.contains { part in
            target.isWithin(part) && !(isMoving && target == part && part.mayBeElement)
        }
        return isWithin ? nil : PatchStray(pointer: pointer, place: target)
    }
}

extension MergePatch {
    fileprivate func stray(from parts: [JSONPointer]) -> PatchStray? {
        // A merge patch puts an object where it finds an array, so it has no way through one.
        stray(root, at: .root, parts.filter { !$0.mayPassArray })
    }

    private func stray(_ value: Value, at place: JSONPointer, _ parts: [JSONPointer]) -> PatchStray? {
        if parts.contains(where: { place.isWithin($0) }) { return nil }
        // An object without members makes an object of what it meets.
        guard case .object(let node) = value, node.contents.count > 0 else {
            return PatchStray(pointer: place, place: place)
        }
        for member in node.contents.inOrder {
            if let stray = stray(member.value, at: place.appending(member.name), parts) { return stray }
        }
        return nil
    }
}
