// Equality by value: numbers by what they stand for, strings without their escapes, objects without order.

extension Document: Equatable {
    /// By value: `1.0` equals `1`, `"\u0061"` equals `"a"`. Recursion is bounded by the depth of documents.
    package static func == (a: Document, b: Document) -> Bool { a.root == b.root }

    /// Bytes that are the same exactly if two documents are equal by value: the canonical encoding with one spelling for
    /// each number and string.
    package func normalized() -> [UInt8] {
        Document(root.normalized).encoded()
    }

    /// Whether the canonical encoding is these bytes already, as it is for most changes.
    package var isNormalized: Bool { root.isNormalized }

    /// Whether both have the same canonical encoding; stricter than equality.
    package func isSpelledLike(_ other: Document) -> Bool { root.isSpelledLike(other.root) }
}

extension Value: Equatable {
    static func == (a: Value, b: Value) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): areEqualNumbers(a, b)
        case (.string(let a), .string(let b)): areEqualStrings(a, b)
        case (.array(let a), .array(let b)):
            a === b
                || a.contents.count == b.contents.count
                    && zip(a.contents.inOrder, b.contents.inOrder).allSatisfy { $0.value == $1.value }
        case (.object(let a), .object(let b)):
            a === b
                || a.contents.count == b.contents.count
                    && zip(a.contents.inOrder, b.contents.inOrder).allSatisfy {
                        $0.name == $1.name && $0.value == $1.value
                    }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    private static func areEqualNumbers(_ a: Text, _ b: Text) -> Bool {
        if a == b { return true }
        // Integers without exponent have one spelling each, apart from zero.
        if a.isPlainInteger && b.isPlainInteger { return false }
        return DecimalValue(a) == DecimalValue(b)
    }

    private static func areEqualStrings(_ a: Text, _ b: Text) -> Bool {
        if a == b { return true }
        guard a.contains(backslash) || b.contains(backslash) else { return false }
        return a.unescaped == b.unescaped
    }

    /// Whether the canonical encodings are the same bytes.
    func isSpelledLike(_ other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)):
            a === b
                || a.contents.count == b.contents.count && a.contents.encodedCount == b.contents.encodedCount
                    && zip(a.contents.inOrder, b.contents.inOrder).allSatisfy { $0.value.isSpelledLike($1.value) }
        case (.object(let a), .object(let b)):
            a === b
                || a.contents.count == b.contents.count && a.contents.encodedCount == b.contents.encodedCount
                    && zip(a.contents.inOrder, b.contents.inOrder).allSatisfy {
                        $0.name == $1.name && $0.value.isSpelledLike($1.value)
                    }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    var isNormalized: Bool {
        switch self {
        case .null, .bool: true
        case .number(let text): text.isNormalized
        case .string(let text): !text.contains(backslash)
        case .array(let node): node.contents.inOrder.allSatisfy { $0.value.isNormalized }
        case .object(let node): node.contents.inOrder.allSatisfy { $0.value.isNormalized }
        }
    }

    /// The same value with one spelling for each number and string.
    var normalized: Value {
        switch self {
        case .null, .bool: self
        case .number(let text): .number(text.isNormalized ? text : DecimalValue(text).spelling)
        case .string(let text): .string(text.contains(backslash) ? text.unescaped.escaped : text)
        case .array(let node):
            .array(Node(Contents(ContiguousArray(node.contents.inOrder.map { Element($0.value.normalized) }))))
        case .object(let node):
            .object(
                Node(
                    Contents(
                        ContiguousArray(node.contents.inOrder.map { Member(name: $0.name, value: $0.value.normalized) })
                    )))
        }
    }
}

extension Text {
    /// Whether this JSON number is what `DecimalValue.spelling` would make of it; most integers are.
    fileprivate var isNormalized: Bool {
        isPlainInteger && self[count - 1] != UInt8(ascii: "0")
    }

    /// Whether this JSON number has neither fraction nor exponent, is not zero, and so is the only such spelling of its value.
    fileprivate var isPlainInteger: Bool {
        for index in 0..<count {
            switch self[index] {
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return false
            default: break
            }
        }
        // Two characters that end in a zero may be -0; 10, 20, … are not worth a closer look.
        return self[count - 1] != UInt8(ascii: "0") || count > 2
    }
}
