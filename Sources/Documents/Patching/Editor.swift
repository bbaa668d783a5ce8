// Edits by place, each with its inverse, so that a patch which fails half-way can be taken back without a copy of the
// document having been made first.

/// A value being edited, and how to undo it.
struct Editor {
    private(set) var root: Value
    private var inverses: [Inverse] = []

    /// A step is how many entries stand in front of the one to go to: that survives an undo, pieces and nodes do not.
    typealias Steps = ArraySlice<Int>

    private enum Inverse {
        case setRoot(Value)
        case insert(container: Steps, ordinal: Int, name: Text, Value)
        case remove(Steps)
        case removeLast(Int, container: Steps)
        case replace(Steps, Value)
    }

    init(_ root: Value) {
        self.root = root
    }

    /// Whether the root was replaced as a whole.
    private(set) var isRootReplaced = false

    /// Puts an entry into the container at `steps`.
    mutating func insert(_ value: Value, name: Text, container: Steps, ordinal: Int) {
        inverses.append(.remove(container + [ordinal]))
        root.insert(value, name: name, container: container, ordinal: ordinal)
    }

    /// Puts elements behind the last one of the array at `steps`.
    mutating func append(_ elements: ContiguousArray<Element>, to container: Steps) {
        inverses.append(.removeLast(elements.count, container: container))
        root.append(elements, to: container)
    }

    /// Takes out what is at `steps`; the whole document leaves null.
    mutating func remove(_ steps: Steps) -> Value {
        guard let ordinal = steps.last else { return setRoot(.null) }
        let (name, value) = root.remove(container: steps.dropLast(), ordinal: ordinal)
        inverses.append(.insert(container: steps.dropLast(), ordinal: ordinal, name: name, value))
        return value
    }

    mutating func replace(_ steps: Steps, with value: Value) {
        guard let ordinal = steps.last else {
            _ = setRoot(value)
            return
        }
        let old = root.replace(container: steps.dropLast(), ordinal: ordinal, with: value)
        inverses.append(.replace(steps, old))
    }

    private mutating func setRoot(_ value: Value) -> Value {
        let old = root
        root = value
        isRootReplaced = true
        inverses.append(.setRoot(old))
        return old
    }

    /// Takes all edits back.
    mutating func undo() {
        while let inverse = inverses.popLast() {
            switch inverse {
            case .setRoot(let value):
                root = value
            case .insert(let container, let ordinal, let name, let value):
                root.insert(value, name: name, container: container, ordinal: ordinal)
            case .remove(let steps):
                guard let ordinal = steps.last else { break }
                _ = root.remove(container: steps.dropLast(), ordinal: ordinal)
            case .removeLast(let count, let container):
                root.removeLast(count, from: container)
            case .replace(let steps, let value):
                guard let ordinal = steps.last else { break }
                _ = root.replace(container: steps.dropLast(), ordinal: ordinal, with: value)
            }
        }
    }
}

extension Value {
    /// Changes the value at the end of the steps from the inside. Recursion is as deep as there are steps, which lead to
    /// something that is there.
    private mutating func modify<Result>(at steps: Editor.Steps, _ body: (inout Value) -> Result) -> Result {
        guard let step = steps.first else { return body(&self) }
        let rest = steps.dropFirst()
        if let result = modifyObject({ $0.update(at: $0.position(step)) { $0.modify(at: rest, body) } }) {
            return result
        }
        if let result = modifyArray({ $0.update(at: $0.position(step)) { $0.modify(at: rest, body) } }) {
            return result
        }
        // Steps lead through containers only.
        return body(&self)
    }

    fileprivate mutating func insert(_ value: Value, name: Text, container: Editor.Steps, ordinal: Int) {
        modify(at: container) { container in
            _ = container.modifyObject { $0.insert(Member(name: name, value: value), at: $0.position(ordinal)) }
            _ = container.modifyArray { $0.insert(Element(value), at: $0.position(ordinal)) }
        }
    }

    fileprivate mutating func append(_ elements: ContiguousArray<Element>, to container: Editor.Steps) {
        modify(at: container) { container in
            _ = container.modifyArray { for element in elements { $0.append(element) } }
        }
    }

    fileprivate mutating func removeLast(_ count: Int, from container: Editor.Steps) {
        modify(at: container) { container in
            _ = container.modifyArray { for _ in 0..<count { _ = $0.remove(at: $0.last) } }
        }
    }

    fileprivate mutating func remove(container: Editor.Steps, ordinal: Int) -> (name: Text, value: Value) {
        modify(at: container) { container in
            if let member = container.modifyObject({ $0.remove(at: $0.position(ordinal)) }) {
                return (member.name, member.value)
            }
            return (.empty, container.modifyArray { $0.remove(at: $0.position(ordinal)) }?.value ?? .null)
        }
    }

    fileprivate mutating func replace(container: Editor.Steps, ordinal: Int, with value: Value) -> Value {
        modify(at: container) { container in
            container.modifyObject { $0.replace(at: $0.position(ordinal), with: value) }
                ?? container.modifyArray { $0.replace(at: $0.position(ordinal), with: value) } ?? .null
        }
    }
}
