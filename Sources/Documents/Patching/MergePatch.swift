// RFC 7396.

extension Value {
    /// Applies a merge patch. Recursion ends at the depth of the patch.
    mutating func merge(_ patch: Value) {
        guard case .object(let node) = patch else {
            self = patch
            return
        }
        if modifyObject({ $0.merge(node) }) == nil {
            self = patch.withoutNullMembers
        }
    }

    /// What a merge patch makes of nothing: members that are null are left out, at every level of objects.
    fileprivate var withoutNullMembers: Value {
        hasNullMembers ? removingNullMembers : self
    }

    /// Whether an object at any level of objects has a member null. Arrays are not looked into: RFC 7396 keeps them as they are.
    var hasNullMembers: Bool {
        guard case .object(let node) = self else { return false }
        for member in node.contents.inOrder {
            switch member.value {
            case .null: return true
            case .object: if member.value.hasNullMembers { return true }
            case .bool, .number, .string, .array: break
            }
        }
        return false
    }

    private var removingNullMembers: Value {
        guard case .object(let node) = self else { return self }
        var kept: ContiguousArray<Member> = []
        for member in node.contents.inOrder {
            switch member.value {
            case .null: break
            case .object: kept.append(Member(name: member.name, value: member.value.removingNullMembers))
            case .bool, .number, .string, .array: kept.append(Member(name: member.name, value: member.value))
            }
        }
        return .object(Node(Contents(kept)))
    }
}

extension Contents<Member> {
    fileprivate mutating func merge(_ patch: Node<Member>) {
        if patch.contents.hasPieces {
            for member in patch.contents.inOrder { merge(member) }
        } else {
            for index in 0..<patch.contents.count { merge(patch.contents.entries[index]) }
        }
    }

    private mutating func merge(_ change: Member) {
        let (isFound, position) = find(change.name)
        switch change.value {
        case .null:
            if isFound { _ = remove(at: position) }
        case .object:
            if isFound, isObject(at: position) {
                update(at: position) { $0.merge(change.value) }
            } else {
                set(change.name, to: change.value.withoutNullMembers, isFound, position)
            }
        case .bool, .number, .string, .array:
            set(change.name, to: change.value, isFound, position)
        }
    }

    private func isObject(at position: Position) -> Bool {
        if hasPieces { return pieces[position.piece].node.contents.entries[position.index].value.isObject }
        return entries[position.index].value.isObject
    }

    private mutating func set(_ name: Text, to value: Value, _ isFound: Bool, _ position: Position) {
        if isFound {
            _ = replace(at: position, with: value)
        } else {
            insert(Member(name: name, value: value), at: position)
        }
    }
}
