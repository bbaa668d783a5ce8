// Carrying out the operations of a JSON Patch, RFC 6902 section 4. First a place is looked for, without changing anything;
// then everything that could go wrong is checked; then the editor is told, which cannot fail.

/// One run of the operations of a JSON Patch.
struct Application {
    var editor: Editor
    let time: UInt64
    let limits: DocumentLimits
    private var work = 0
    private var index = 0

    init(editor: Editor, time: UInt64, limits: DocumentLimits) {
        self.editor = editor
        self.time = time
        self.limits = limits
    }

    /// Carries out the operations one after the other; on a failure all of them are taken back.
    mutating func run(_ operations: [Operation]) -> PatchFailure? {
        do throws(PatchFailure) {
            for operation in operations {
                try run(operation)
                if editor.root.encodedCount > limits.maximumBytes { throw failure(.stateTooLarge, operation.path) }
                index += 1
            }
            return nil
        } catch {
            editor.undo()
            return error
        }
    }

    func failure(_ reason: PatchFailure.Reason, _ pointer: JSONPointer) -> PatchFailure {
        PatchFailure(reason, operation: index, pointer: pointer)
    }

    /// Counts elements that are going to be looked at. Depends on contents only, never on how they are kept.
    mutating func spend(_ elements: Int, _ pointer: JSONPointer) throws(PatchFailure) {
        work += elements
        if work > limits.maximumWork { throw failure(.tooMuchWork, pointer) }
    }

    private mutating func run(_ operation: Operation) throws(PatchFailure) {
        let path = operation.path
        switch operation.action {
        case .add(let value):
            try add(value, at: path)
        case .remove:
            _ = editor.remove(try existing(path).steps)
        case .replace(let value):
            try replace(try existing(path).steps, with: value, at: path)
        case .move(let from):
            let steps = try existing(from).steps
            if from != path { try add(editor.remove(steps), at: path) }
        case .copy(let from):
            try add(try existing(from).value, at: path)
        case .test(let expected):
            let value = try existing(path).value
            try spend(min(value.encodedCount, expected.encodedCount) / 16, path)
            if value != expected { throw failure(.testFailed, path) }
        case .combine(let operand, let combination):
            try combine(operand, combination, at: path)
        case .union(let elements):
            try union(elements, at: path)
        case .subtract(let elements):
            try subtract(elements, at: path)
        case .timestamp:
            try set(.string(Text(RFC3339.string(milliseconds: time))), at: path)
        }
    }
}

// MARK: - Places

extension Application {
    /// What a pointer leads to.
    enum Target {
        case existing(steps: Editor.Steps, value: Value)
        /// Nothing yet, but the container is there and takes it: at this place, under this name.
        case vacant(container: Editor.Steps, ordinal: Int, name: Text)
        case nowhere
    }

    mutating func target(_ pointer: JSONPointer) throws(PatchFailure) -> Target {
        var value = editor.root
        var steps: Editor.Steps = []
        for (depth, token) in pointer.tokens.enumerated() {
            let isLast = depth == pointer.tokens.count - 1
            switch value {
            case .null, .bool, .number, .string:
                return .nowhere
            case .array(let node):
                let count = node.contents.count
                try spend(1 + count / Contents<Element>.pieceLimit, pointer)
                let index =
                    switch token.index {
                    case .at(let index): index
                    case .end: count
                    case nil: count + 1
                    }
                guard index < count else {
                    return isLast && index == count ? .vacant(container: steps, ordinal: count, name: .empty) : .nowhere
                }
                steps.append(index)
                value = node.contents[node.contents.position(index)].value
            case .object(let node):
                try spend(1 + node.contents.count / Contents<Member>.pieceLimit, pointer)
                let (isFound, position) = node.contents.find(token.name)
                let ordinal = node.contents.ordinal(position)
                guard isFound else {
                    return isLast ? .vacant(container: steps, ordinal: ordinal, name: token.name) : .nowhere
                }
                steps.append(ordinal)
                value = node.contents[position].value
            }
        }
        return .existing(steps: steps, value: value)
    }

    private mutating func existing(_ pointer: JSONPointer) throws(PatchFailure) -> (steps: Editor.Steps, value: Value) {
        switch try target(pointer) {
        case .existing(let steps, let value): return (steps, value)
        case .vacant, .nowhere: throw failure(.pathNotFound, pointer)
        }
    }

    func checkDepth(_ value: Value, at pointer: JSONPointer) throws(PatchFailure) {
        if pointer.tokens.count + value.height > limits.maximumDepth { throw failure(.tooDeep, pointer) }
    }

    /// RFC 6902 section 4.1: into an array it inserts, everywhere else it sets.
    private mutating func add(_ value: Value, at pointer: JSONPointer) throws(PatchFailure) {
        try checkDepth(value, at: pointer)
        switch try target(pointer) {
        case .existing(let steps, _):
            if let index = steps.last, isArray(steps.dropLast()) {
                editor.insert(value, name: .empty, container: steps.dropLast(), ordinal: index)
            } else {
                editor.replace(steps, with: value)
            }
        case .vacant(let container, let ordinal, let name):
            editor.insert(value, name: name, container: container, ordinal: ordinal)
        case .nowhere:
            throw failure(.pathNotFound, pointer)
        }
    }

    private func isArray(_ steps: Editor.Steps) -> Bool {
        var value = editor.root
        for step in steps {
            switch value {
            case .null, .bool, .number, .string: return false
            case .array(let node): value = node.contents[node.contents.position(step)].value
            case .object(let node): value = node.contents[node.contents.position(step)].value
            }
        }
        if case .array = value { return true } else { return false }
    }

    mutating func replace(
        _ steps: Editor.Steps, with value: Value, at pointer: JSONPointer
    ) throws(PatchFailure) {
        try checkDepth(value, at: pointer)
        editor.replace(steps, with: value)
    }

    /// Replaces what is there, or puts something where nothing was yet.
    mutating func set(_ value: Value, at pointer: JSONPointer) throws(PatchFailure) {
        switch try target(pointer) {
        case .existing(let steps, _):
            try replace(steps, with: value, at: pointer)
        case .vacant(let container, let ordinal, let name):
            try checkDepth(value, at: pointer)
            editor.insert(value, name: name, container: container, ordinal: ordinal)
        case .nowhere:
            throw failure(.pathNotFound, pointer)
        }
    }
}
