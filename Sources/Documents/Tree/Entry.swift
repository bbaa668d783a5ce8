// What containers hold: members and elements, each with its place in the last layout (see Layout.swift).

protocol ContentsEntry: Sendable {
    /// Empty for the elements of an array.
    var name: Text { get }
    var value: Value { get set }
    var place: Place { get set }
    /// Bytes in front of the value: the quoted name and the colon.
    var prefixCount: Int { get }
}

/// A member of an object.
struct Member: ContentsEntry {
    /// Unescaped.
    var name: Text
    var value: Value
    var place = Place.fresh

    init(name: Text, value: Value) {
        self.name = name
        self.value = value
    }

    var prefixCount: Int { name.escapedCount + 3 }
}

/// An element of an array.
struct Element: ContentsEntry {
    var value: Value
    var place = Place.fresh

    init(_ value: Value) {
        self.value = value
    }

    var name: Text { .empty }
    var prefixCount: Int { 0 }
}

extension ContentsEntry {
    var encodedCount: Int { prefixCount + value.encodedCount }
}

/// A stretch of a large container: at most `Contents.pieceLimit` entries in a node of their own.
struct Piece<Entry: ContentsEntry>: Sendable {
    /// No name in this piece is lower, and all names of the pieces in front are (of no meaning in the first piece).
    var first: Text
    var node: Node<Entry>
    var count: Int32
    var place = Place.fresh

    init(_ contents: Contents<Entry>) {
        first = contents.entries.first?.name ?? .empty
        count = Int32(truncatingIfNeeded: contents.count)
        node = Node(contents)
    }
}

/// Where an entry or piece stood when its container was last laid out, in bytes from the start of the container's contents.
struct Place: Sendable {
    private var bits: UInt32

    private static let changedBit: UInt32 = 1 << 31
    private static let replacedBit: UInt32 = 1 << 30
    private static let startMask: UInt32 = (1 << 30) - 1

    /// Larger encodings are written anew every time.
    static let limit = Int(startMask)

    /// It was not there.
    static let fresh = Place(bits: .max)

    private init(bits: UInt32) {
        self.bits = bits
    }

    /// It stands at `start` and has not changed since.
    init(start: Int) {
        bits = UInt32(truncatingIfNeeded: start) & Place.startMask
    }

    var isFresh: Bool { bits == .max }
    /// Something in it is not as it was.
    var isChanged: Bool { bits & Place.changedBit != 0 }
    /// Nothing of the old value is left.
    var isReplaced: Bool { bits & Place.replacedBit != 0 }
    var start: Int { Int(bits & Place.startMask) }

    mutating func markChanged() { bits |= Place.changedBit }
    mutating func markReplaced() { bits |= Place.changedBit | Place.replacedBit }
    /// Only for a place that is unchanged.
    mutating func move(by distance: Int) { self = Place(start: start + distance) }
}
