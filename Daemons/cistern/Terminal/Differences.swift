// What changed between two states, as a person reads it: a line for each place, by JSON Pointer, old → new.

import Documents

/// One place that differs.
struct Difference: Equatable {
    /// Empty for the whole state.
    let pointer: String
    let change: Kind

    enum Kind: Equatable {
        case added(String)
        case removed(String)
        case replaced(old: String, new: String)
    }

    /// A state that is seen for the first time: each member of an object, or the whole.
    static func first(_ document: Document) -> [Difference] {
        guard document.kind == .object, document.count > 0 else {
            return [Difference(pointer: "", change: .added(document.text))]
        }
        return document.members.map { name, value in
            Difference(pointer: JSONPointer.root.appending(name).description, change: .added(value.text))
        }
    }

    /// All places that differ in spelling. Unlike a patch it never says more than what changed because that would be shorter.
    static func all(from old: Document, to new: Document) -> [Difference] {
        var differences: [Difference] = []
        compare(old, new, at: .root, into: &differences)
        return differences
    }

    /// Recursion is bounded by the depth of documents.
    private static func compare(
        _ old: Document, _ new: Document, at place: JSONPointer, into differences: inout [Difference]
    ) {
        if old.isSpelledLike(new) { return }
        switch (old.kind, new.kind) {
        case (.object, .object):
            for (name, value) in old.members {
                let inner = place.appending(name)
                if let other = new[name] {
                    compare(value, other, at: inner, into: &differences)
                } else {
                    differences.append(Difference(pointer: inner.description, change: .removed(value.text)))
                }
            }
            for (name, value) in new.members where old[name] == nil {
                differences.append(Difference(pointer: place.appending(name).description, change: .added(value.text)))
            }
        case (.array, .array):
            compare(Array(old.elements), Array(new.elements), at: place, into: &differences)
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _):
            differences.append(Difference(pointer: place.description, change: .replaced(old: old.text, new: new.text)))
        }
    }

    /// What both have at their ends is the same; between, element by element, and what is left over was added or removed.
    private static func compare(
        _ old: [Document], _ new: [Document], at place: JSONPointer, into differences: inout [Difference]
    ) {
        let shorter = min(old.count, new.count)
        let front = zip(old, new).prefix { $0.isSpelledLike($1) }.count
        let back = zip(old.reversed(), new.reversed()).prefix(shorter - front).prefix { $0.isSpelledLike($1) }.count
        for index in front..<shorter - back {
            compare(old[index], new[index], at: place.appending(index), into: &differences)
        }
        for index in shorter - back..<max(shorter, old.count) - back {
            differences.append(
                Difference(pointer: place.appending(index).description, change: .removed(old[index].text)))
        }
        for index in shorter - back..<max(shorter, new.count) - back {
            differences.append(Difference(pointer: place.appending(index).description, change: .added(new[index].text)))
        }
    }

    /// - Parameter width: characters for each value; what is longer is cut.
    func line(width: Int, paint: (String, Colour) -> String = { text, _ in text }) -> String {
        let place = pointer.isEmpty ? "(the whole state)" : Wording.printable(pointer)
        return switch change {
        case .added(let value): paint("+ \(place)", .green) + "  \(Wording.cut(value, to: width))"
        case .removed(let value): paint("- \(place)", .red) + "  \(Wording.cut(value, to: width))"
        case .replaced(let old, let new):
            paint("~ \(place)", .yellow) + "  \(Wording.cut(old, to: width)) → \(Wording.cut(new, to: width))"
        }
    }
}
