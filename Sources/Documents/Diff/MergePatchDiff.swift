// The merge patch from one document to another. Both formats of difference go by spelling rather than by value, so that
// whoever applies one has the same bytes as whoever got the new document.

extension Document {
    /// The merge patch that makes `new` out of `old`, byte for byte; `{}` if they are the same.
    ///
    /// Nil if no merge patch can: null as the value of a member that is new or changed cannot be said (RFC 7396
    /// section 1). Subtrees that both share are not looked at.
    package static func mergePatch(from old: Document, to new: Document) -> Document? {
        switch MergePatchDifference(from: old.root, to: new.root, isRoot: true) {
        case .none: Document.emptyObject
        case .patch(let value): Document(value)
        case .inexpressible: nil
        }
    }
}

private enum MergePatchDifference {
    case none
    case patch(Value)
    case inexpressible

    init(from old: Value, to new: Value, isRoot: Bool) {
        switch (old, new) {
        case (.object(let oldNode), .object(let newNode)):
            self = oldNode === newNode ? .none : Self.members(from: oldNode.contents, to: newNode.contents)
        case (_, .null):
            // For the whole document null is a value like any other.
            self = isRoot ? .patch(new) : old.isSpelledLike(new) ? .none : .inexpressible
        case (_, .object):
            self = new.hasNullMembers ? .inexpressible : .patch(new)
        case (_, .bool), (_, .number), (_, .string), (_, .array):
            // At the root there is no way to say nothing: {} would make an object of it.
            self = old.isSpelledLike(new) && !isRoot ? .none : .patch(new)
        }
    }

    private static func members(from old: Contents<Member>, to new: Contents<Member>) -> MergePatchDifference {
        var changes: ContiguousArray<Member> = []
        for pair in MemberPairs(old, new) {
            switch pair {
            case .removed(let member):
                changes.append(Member(name: member.name, value: .null))
            case .added(let member):
                if member.value.isNullSomewhere { return .inexpressible }
                changes.append(Member(name: member.name, value: member.value))
            case .kept(let before, let after):
                switch MergePatchDifference(from: before.value, to: after.value, isRoot: false) {
                case .none: break
                case .patch(let value): changes.append(Member(name: after.name, value: value))
                case .inexpressible: return .inexpressible
                }
            }
        }
        return changes.isEmpty ? .none : .patch(.object(Node(Contents(changes))))
    }
}

extension Value {
    /// Whether it is null or has a member that is.
    fileprivate var isNullSomewhere: Bool {
        if case .null = self { true } else { hasNullMembers }
    }

    /// Whether an object at any level of objects has a member null. Arrays are not looked into: RFC 7396 keeps them as they are.
    fileprivate var hasNullMembers: Bool {
        guard case .object(let node) = self else { return false }
        return node.contents.inOrder.contains { $0.value.isNullSomewhere }
    }
}
