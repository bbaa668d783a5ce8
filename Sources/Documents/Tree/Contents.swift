// The entries of one container in order, with the figures that are kept while they change: count, encoded bytes,
// height. Up to `pieceLimit` entries are one array; more are cut into pieces of at most that many, so that no change moves
// more than a piece's worth of entries.

/// The ordered entries of an array or object. A value: copying it shares every node below.
struct Contents<Entry: ContentsEntry>: Sendable {
    /// 64 entries of 40 bytes: what one insertion may have to move, or one copied path to copy, per level.
    static var pieceLimit: Int { 64 }
    /// Below this a piece is joined with a neighbour, so that pieces stay few.
    static var pieceMinimum: Int { 16 }
    /// How full pieces are made when many entries come at once.
    static var pieceFill: Int { 48 }

    // Changed in Changing.swift and Pieces.swift only, but for the places, which Layout.swift sets.

    /// All entries, or none if there are pieces.
    var entries: ContiguousArray<Entry> = []
    /// At least two pieces, none of them empty and none with pieces of its own; or none if there are few entries.
    var pieces: ContiguousArray<Piece<Entry>> = []
    var count = 0
    /// Bytes of the entries and the commas between them, without the brackets.
    var encodedCount = 0
    /// Nesting of containers, this one included.
    var height = 1
    /// How `place` in the entries and pieces is to be read.
    var layout = Layout.changedOrder
    /// `encodedCount` at the time of the last layout.
    var laidOutCount = 0

    init() {}

    /// Entries that are in order already.
    init(_ all: consuming ContiguousArray<Entry>) {
        if all.count <= Self.pieceLimit {
            entries = all
        } else {
            pieces.reserveCapacity(all.count / Self.pieceFill + 1)
            var start = 0
            while start < all.count {
                let end = min(start + Self.pieceFill, all.count)
                pieces.append(Piece(Contents(ContiguousArray(all[start..<end]))))
                start = end
            }
        }
        measure()
    }
}

/// A place among the entries: which piece (0 if there are none), which entry in it.
struct Position: Equatable {
    var piece: Int
    var index: Int
}

// MARK: - Reading

extension Contents {
    var isEmpty: Bool { count == 0 }
    var hasPieces: Bool { !pieces.isEmpty }

    subscript(position: Position) -> Entry {
        hasPieces ? pieces[position.piece].node.contents.entries[position.index] : entries[position.index]
    }

    /// The position of the entry that has `ordinal` entries in front of it, or the end. Looks at each piece's count, at worst.
    func position(_ ordinal: Int) -> Position {
        guard hasPieces else { return Position(piece: 0, index: ordinal) }
        if ordinal == count { return end }
        var index = ordinal
        for piece in pieces.indices {
            let count = Int(pieces[piece].count)
            if index < count || piece == pieces.count - 1 { return Position(piece: piece, index: index) }
            index -= count
        }
        return Position(piece: pieces.count - 1, index: index)
    }

    /// Behind the last entry.
    var end: Position {
        hasPieces
            ? Position(piece: pieces.count - 1, index: Int(pieces[pieces.count - 1].count))
            : Position(piece: 0, index: entries.count)
    }

    /// The last entry, if there is one.
    var last: Position { Position(piece: end.piece, index: end.index - 1) }

    /// How many entries stand in front of a position.
    func ordinal(_ position: Position) -> Int {
        var ordinal = position.index
        for piece in 0..<position.piece { ordinal += Int(pieces[piece].count) }
        return ordinal
    }

    /// Where `name` is, or where it would have to be inserted.
    func find(_ name: Text) -> (isFound: Bool, position: Position) {
        guard hasPieces else {
            let (isFound, index) = findEntry(name)
            return (isFound, Position(piece: 0, index: index))
        }
        // The last piece that does not begin after the name.
        var low = 0
        var high = pieces.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if pieces[middle].first.compare(name) <= 0 { low = middle } else { high = middle }
        }
        let (isFound, index) = pieces[low].node.contents.findEntry(name)
        return (isFound, Position(piece: low, index: index))
    }

    func findEntry(_ name: Text) -> (isFound: Bool, index: Int) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let order = entries[middle].name.compare(name)
            if order == 0 { return (true, middle) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (false, low)
    }
}

// MARK: - Walking

extension Contents {
    /// The entries, piece after piece.
    struct Walk: Sequence, IteratorProtocol {
        private var entries: ContiguousArray<Entry>
        private let pieces: ContiguousArray<Piece<Entry>>
        private var piece = 0
        private var index = 0

        fileprivate init(_ contents: Contents) {
            pieces = contents.pieces
            entries = contents.pieces.first?.node.contents.entries ?? contents.entries
        }

        mutating func next() -> Entry? {
            if index == entries.count {
                guard piece + 1 < pieces.count else { return nil }
                piece += 1
                entries = pieces[piece].node.contents.entries
                index = 0
            }
            defer { index += 1 }
            return entries[index]
        }
    }

    var inOrder: Walk { Walk(self) }
}
