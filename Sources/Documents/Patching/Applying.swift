// Applying a patch: whole or not at all, and with the same outcome for everybody who applies it to the same document.

extension Document {
    /// Applies a patch. If it fails, the document and its encoding are what they were.
    ///
    /// The outcome depends on nothing but the document, the patch and the parameters.
    /// - Parameter time: milliseconds since 1970 in UTC, for `timestamp`; when the change was appended.
    package mutating func apply(
        _ patch: Patch, time: UInt64, limits: DocumentLimits = .standard
    ) throws(PatchFailure) {
        switch patch.content {
        case .merge:
            try merge(patch.document.root, limits: limits)
        case .operations(let operations):
            var application = Application(editor: Editor(root), time: time, limits: limits)
            // From here on the editor holds the only reference, so that it can edit in place.
            root = .null
            let failure = application.run(operations)
            root = application.editor.root
            if let failure { throw failure }
            if application.editor.isRootReplaced { baseline = [] }
        }
    }

    private mutating func merge(_ patch: Value, limits: DocumentLimits) throws(PatchFailure) {
        // The result is never longer than both together and never deeper than the deeper one. Only where that is not
        // good enough, a reference to the old value is kept, which makes the merge copy the nodes it changes.
        let isSurelyFine =
            encodedCount + patch.encodedCount <= limits.maximumBytes && max(depth, patch.height) <= limits.maximumDepth
        let old = isSurelyFine ? nil : self
        if case .object = patch, case .object = root {
            root.merge(patch)
        } else {
            root.merge(patch)
            baseline = []
        }
        guard let old else { return }
        let failure: PatchFailure? =
            if encodedCount > limits.maximumBytes { PatchFailure(.stateTooLarge) } else if depth > limits.maximumDepth {
                PatchFailure(.tooDeep)
            } else { nil }
        if let failure {
            self = old
            throw failure
        }
    }
}

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

    private func failure(_ reason: PatchFailure.Reason, _ pointer: JSONPointer) -> PatchFailure {
        PatchFailure(reason, operation: index, pointer: pointer)
    }

    /// Counts elements that are going to be looked at. Depends on contents only, never on how they are kept.
    private mutating func spend(_ elements: Int, _ pointer: JSONPointer) throws(PatchFailure) {
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
    private enum Target {
        case existing(steps: Editor.Steps, value: Value)
        /// Nothing yet, but the container is there and takes it: at this place, under this name.
        case vacant(container: Editor.Steps, ordinal: Int, name: Text)
        case nowhere
    }

    private mutating func target(_ pointer: JSONPointer) throws(PatchFailure) -> Target {
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

    private func checkDepth(_ value: Value, at pointer: JSONPointer) throws(PatchFailure) {
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

    private mutating func replace(
        _ steps: Editor.Steps, with value: Value, at pointer: JSONPointer
    ) throws(PatchFailure) {
        try checkDepth(value, at: pointer)
        editor.replace(steps, with: value)
    }

    /// Replaces what is there, or puts something where nothing was yet.
    private mutating func set(_ value: Value, at pointer: JSONPointer) throws(PatchFailure) {
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

// MARK: - Operations beyond RFC 6902

extension Application {
    private mutating func combine(
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

    private mutating func union(_ elements: Contents<Element>, at pointer: JSONPointer) throws(PatchFailure) {
        let present: Contents<Element>
        switch try target(pointer) {
        case .existing(_, .array(let node)): present = node.contents
        case .existing: throw failure(.notAnArray, pointer)
        case .vacant: present = Contents()
        case .nowhere: throw failure(.pathNotFound, pointer)
        }
        try spendSearch(present, elements, pointer)
        var search = ElementSearch(elements)
        let missing = search.missing(in: present)
        if present.isEmpty {
            try set(.array(Node(Contents(missing))), at: pointer)
        } else if !missing.isEmpty {
            try append(missing, at: pointer)
        }
    }

    private mutating func append(_ elements: ContiguousArray<Element>, at pointer: JSONPointer) throws(PatchFailure) {
        for element in elements {
            try add(element.value, at: JSONPointer(tokens: pointer.tokens + [JSONPointer.Token(Text("-"))]))
        }
    }

    private mutating func subtract(_ elements: Contents<Element>, at pointer: JSONPointer) throws(PatchFailure) {
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

    private mutating func spendSearch(
        _ present: Contents<Element>, _ elements: Contents<Element>, _ pointer: JSONPointer
    ) throws(PatchFailure) {
        try spend(
            present.count + present.encodedCount / 16 + elements.count + elements.encodedCount / 16, pointer)
    }
}
