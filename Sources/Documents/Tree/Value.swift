// What a document is made of. 16 bytes, the kind in the last one.

/// A JSON value. Containers sit in nodes that are shared between documents and copied before they are changed.
enum Value: Sendable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(Text)
    /// As it was written between the quotes, escapes included.
    case string(Text)
    case array(Node<Element>)
    case object(Node<Member>)
}

/// The home of a container's contents: a box that several documents may share.
///
/// `@unchecked Sendable` holds because `contents` is written in one place only, `modify`, on a reference that was just
/// found to be the only one; whoever shares the node therefore never sees it change.
final class Node<Entry: ContentsEntry>: @unchecked Sendable {
    /// Unchecked at run time, which would cost more than the access: `modify` lends it to one closure on a reference that
    /// nobody else has, so no second access can overlap.
    @exclusivity(unchecked) private var stored: Contents<Entry>

    init(_ contents: consuming Contents<Entry>) {
        unsafe stored = contents
    }

    fileprivate(set) var contents: Contents<Entry> {
        _read { yield unsafe stored }
        _modify { yield unsafe &stored }
    }
}

extension Node {
    /// Changes the contents behind `node`, which is replaced by a copy first if somebody else holds it too.
    static func modify<Result>(_ node: inout Node<Entry>, _ body: (inout Contents<Entry>) -> Result) -> Result {
        if !isKnownUniquelyReferenced(&node) {
            node = Node(node.contents)
        }
        return body(&node.contents)
    }
}

extension Value {
    /// All empty containers that were parsed share one node: `[[],[],…]` must not take ten times its bytes.
    static let emptyObject = Value.object(Node(Contents()))
    static let emptyArray = Value.array(Node(Contents()))

    var isObject: Bool {
        if case .object = self { true } else { false }
    }

    /// Bytes of the canonical encoding.
    var encodedCount: Int {
        switch self {
        case .null: 4
        case .bool(let value): value ? 4 : 5
        case .number(let text): text.count
        case .string(let text): text.count + 2
        case .array(let node): node.contents.encodedCount + 2
        case .object(let node): node.contents.encodedCount + 2
        }
    }

    /// How deep containers are nested: 0 for a scalar, 1 for an empty container.
    var height: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let node): node.contents.height
        case .object(let node): node.contents.height
        }
    }

    /// Changes the members in place if this is an object; nothing and nil otherwise.
    mutating func modifyObject<Result>(_ body: (inout Contents<Member>) -> Result) -> Result? {
        guard case .object(var node) = self else { return nil }
        // The node must have no second reference while it is changed.
        self = .null
        let result = Node.modify(&node, body)
        self = .object(node)
        return result
    }

    /// Changes the elements in place if this is an array; nothing and nil otherwise.
    mutating func modifyArray<Result>(_ body: (inout Contents<Element>) -> Result) -> Result? {
        guard case .array(var node) = self else { return nil }
        self = .null
        let result = Node.modify(&node, body)
        self = .array(node)
        return result
    }
}
