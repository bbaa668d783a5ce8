// Reading documents and building them.

extension Document {
    package static let null = Document(.null)
    package static let emptyObject = Document(.emptyObject)

    package static func bool(_ value: Bool) -> Document { Document(.bool(value)) }

    package static func integer(_ value: Int) -> Document { Document(.number(Text(String(value)))) }

    package static func integer(_ value: UInt64) -> Document { Document(.number(Text(String(value)))) }

    /// Rounded to thousandths; 0 for what is no number or too large for that.
    package static func decimal(_ value: Double) -> Document {
        guard abs(value) < 1e15 else { return .integer(0) }
        let thousandths = Int((value * 1_000).rounded())
        let (whole, part) = thousandths.quotientAndRemainder(dividingBy: 1_000)
        guard part != 0 else { return .integer(whole) }
        var digits = String(1_000 + abs(part)).dropFirst()
        while digits.hasSuffix("0") { digits.removeLast() }
        return Document(.number(Text("\(thousandths < 0 ? "-" : "")\(abs(whole)).\(digits)")))
    }

    /// Written with as few escapes as possible.
    package static func string(_ value: String) -> Document { Document(.string(Text(value).escaped)) }

    package static func array(_ elements: [Document]) -> Document {
        Document(.array(Node(Contents(ContiguousArray(elements.map { Element($0.root) })))))
    }

    /// In any order; of several members with one name the last one counts.
    package static func object(_ members: [(String, Document)]) -> Document {
        var contents = Contents<Member>()
        for (name, document) in members { contents.set(Text(name), to: document.root) }
        return Document(.object(Node(contents)))
    }

    package var isNull: Bool { kind == .null }

    package var boolValue: Bool? {
        if case .bool(let value) = root { value } else { nil }
    }

    /// The string without escapes, nil for other kinds.
    package var stringValue: String? {
        if case .string(let text) = root { text.unescaped.string } else { nil }
    }

    /// The bytes of the string without escapes, nil for other kinds. For comparisons: Swift's `==` is not JSON's.
    package var stringBytes: [UInt8]? {
        if case .string(let text) = root { text.unescaped.bytes } else { nil }
    }

    /// The number as it was written, nil for other kinds.
    package var numberSpelling: String? {
        if case .number(let text) = root { text.string } else { nil }
    }

    /// The number if it is an integer that fits, however it is written (`1e3`, `5.0`); nil otherwise.
    package var integerValue: Int? {
        if case .number(let text) = root { DecimalValue(text).integer } else { nil }
    }

    /// Number of elements or members, 0 for scalars.
    package var count: Int {
        switch root {
        case .null, .bool, .number, .string: 0
        case .array(let node): node.contents.count
        case .object(let node): node.contents.count
        }
    }

    /// The member of that name, by the bytes of the name; nil if there is none or this is no object.
    package subscript(name: String) -> Document? {
        guard case .object(let node) = root else { return nil }
        let (isFound, position) = node.contents.find(Text(name))
        return isFound ? Document(node.contents[position].value) : nil
    }

    /// The element at an index; nil if there is none or this is no array.
    package subscript(index: Int) -> Document? {
        guard case .array(let node) = root, index >= 0, index < node.contents.count else { return nil }
        return Document(node.contents[node.contents.position(index)].value)
    }

    /// The elements of an array, nothing for other kinds.
    package var elements: Elements {
        if case .array(let node) = root {
            Elements(entries: node.contents.inOrder)
        } else {
            Elements(entries: Contents().inOrder)
        }
    }

    /// The members of an object in canonical order, nothing for other kinds.
    package var members: Members {
        if case .object(let node) = root {
            Members(entries: node.contents.inOrder)
        } else {
            Members(entries: Contents().inOrder)
        }
    }

    package struct Elements: Sequence, IteratorProtocol {
        var entries: Contents<Element>.Walk

        package mutating func next() -> Document? { entries.next().map { Document($0.value) } }
    }

    package struct Members: Sequence, IteratorProtocol {
        var entries: Contents<Member>.Walk

        package mutating func next() -> (name: String, value: Document)? {
            entries.next().map { ($0.name.string, Document($0.value)) }
        }
    }
}

extension Contents<Member> {
    /// Adds a member or replaces its value.
    mutating func set(_ name: Text, to value: Value) {
        let (isFound, position) = find(name)
        if isFound {
            _ = replace(at: position, with: value)
        } else {
            insert(Member(name: name, value: value), at: position)
        }
    }

    subscript(name: Text) -> Value? {
        let (isFound, position) = find(name)
        return isFound ? self[position].value : nil
    }
}
