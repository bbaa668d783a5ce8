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

    /// All entries, or none if there are pieces.
    /// Changed here only, but for the places in it, which Layout.swift sets.
    var entries: ContiguousArray<Entry> = []
    /// At least two pieces, none of them empty and none with pieces of its own; or none if there are few entries.
    /// Likewise.
    var pieces: ContiguousArray<Piece<Entry>> = []
    private(set) var count = 0
    /// Bytes of the entries and the commas between them, without the brackets.
    private(set) var encodedCount = 0
    /// Nesting of containers, this one included.
    private(set) var height = 1
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

    private func findEntry(_ name: Text) -> (isFound: Bool, index: Int) {
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

// MARK: - Changing

extension Contents {
    /// Changes one value from the inside and keeps the figures right. To put another container in its place: `replace`.
    mutating func update<Result>(at position: Position, _ body: (inout Value) -> Result) -> Result {
        guard hasPieces else { return updateEntry(position.index, body) }
        return modifyPiece(position.piece) { $0.updateEntry(position.index, body) }
    }

    private mutating func updateEntry<Result>(_ index: Int, _ body: (inout Value) -> Result) -> Result {
        let (oldCount, oldHeight) = (entries[index].value.encodedCount, entries[index].value.height)
        let result = body(&entries[index].value)
        entries[index].place.markChanged()
        if layout == .current { layout = .changedValues }
        encodedCount += entries[index].value.encodedCount - oldCount
        heightChanged(from: oldHeight, to: entries[index].value.height)
        return result
    }

    /// Puts another value in the place of one, which is handed back.
    mutating func replace(at position: Position, with value: consuming Value) -> Value {
        guard hasPieces else { return replaceEntry(position.index, with: value) }
        return modifyPiece(position.piece) { [value] in $0.replaceEntry(position.index, with: value) }
    }

    private mutating func replaceEntry(_ index: Int, with value: consuming Value) -> Value {
        let newHeight = value.height
        encodedCount += value.encodedCount
        swap(&entries[index].value, &value)
        entries[index].place.markReplaced()
        if layout == .current { layout = .changedValues }
        encodedCount -= value.encodedCount
        heightChanged(from: value.height, to: newHeight)
        return value
    }

    /// Inserts an entry in front of the one at `position`.
    mutating func insert(_ entry: consuming Entry, at position: Position) {
        guard hasPieces else {
            insertEntry(entry, at: position.index)
            if entries.count > Self.pieceLimit { cutIntoPieces(at: position.index) }
            return
        }
        if position.index == 0 { pieces[position.piece].first = entry.name }
        modifyPiece(position.piece) { [entry] in $0.insertEntry(entry, at: position.index) }
        if pieces[position.piece].count > Self.pieceLimit { splitPiece(position) }
    }

    /// Adds an entry behind all others.
    mutating func append(_ entry: consuming Entry) {
        insert(entry, at: end)
    }

    private mutating func insertEntry(_ entry: consuming Entry, at index: Int) {
        encodedCount += entry.encodedCount + (entries.isEmpty ? 0 : 1)
        height = max(height, entry.value.height + 1)
        entry.place = .fresh
        if index == entries.count { entries.append(entry) } else { entries.insert(entry, at: index) }
        count += 1
        layout = .changedOrder
    }

    /// Removes the entry at `position` and hands it back.
    mutating func remove(at position: Position) -> Entry {
        guard hasPieces else { return removeEntry(position.index) }
        let entry = modifyPiece(position.piece) { $0.removeEntry(position.index) }
        if pieces[position.piece].count < Self.pieceMinimum { joinPiece(position.piece) }
        return entry
    }

    private mutating func removeEntry(_ index: Int) -> Entry {
        let entry = entries.remove(at: index)
        encodedCount -= entry.encodedCount + (entries.isEmpty ? 0 : 1)
        count -= 1
        layout = .changedOrder
        heightChanged(from: entry.value.height, to: 0)
        return entry
    }
}

// MARK: - Pieces

extension Contents {
    /// Changes one piece in place and takes over what that does to the figures.
    private mutating func modifyPiece<Result>(_ index: Int, _ body: (inout Contents<Entry>) -> Result) -> Result {
        // Read one by one: a copy of the contents at hand would make the change below copy them.
        let oldCount = pieces[index].node.contents.count
        let oldEncodedCount = pieces[index].node.contents.encodedCount
        let oldHeight = pieces[index].node.contents.height
        let (result, newCount, newEncodedCount, newHeight) = Node.modify(&pieces[index].node) { contents in
            let result = body(&contents)
            return (result, contents.count, contents.encodedCount, contents.height)
        }
        pieces[index].count = Int32(truncatingIfNeeded: newCount)
        pieces[index].place.markChanged()
        if layout == .current { layout = .changedValues }
        count += newCount - oldCount
        encodedCount += newEncodedCount - oldEncodedCount
        // A piece is as high as its container would be with its entries alone.
        heightChanged(from: oldHeight - 1, to: newHeight - 1)
        return result
    }

    /// Sets the height after one entry's height went from `old` to `new`; looks at the others only if it was the highest.
    private mutating func heightChanged(from old: Int, to new: Int) {
        if new + 1 > height {
            height = new + 1
        } else if new < old && old + 1 == height {
            measureHeight()
        }
    }

    private mutating func measureHeight() {
        var highest = 0
        if hasPieces {
            for piece in pieces { highest = max(highest, piece.node.contents.height - 1) }
        } else {
            for index in entries.indices { highest = max(highest, entries[index].value.height) }
        }
        height = highest + 1
    }

    private mutating func measure() {
        layout = .changedOrder
        count = 0
        encodedCount = 0
        if hasPieces {
            for index in pieces.indices {
                count += Int(pieces[index].count)
                encodedCount += pieces[index].node.contents.encodedCount + (index > 0 ? 1 : 0)
            }
        } else {
            count = entries.count
            for index in entries.indices { encodedCount += entries[index].encodedCount + (index > 0 ? 1 : 0) }
        }
        measureHeight()
    }

    /// One array became too long. What was added at its end begins a piece of its own, as more of that will come.
    private mutating func cutIntoPieces(at index: Int) {
        let cut = index == entries.count - 1 ? index : entries.count / 2
        let front = Contents(ContiguousArray(entries[..<cut]))
        let back = Contents(ContiguousArray(entries[cut...]))
        entries = []
        pieces = [Piece(front), Piece(back)]
        layout = .changedOrder
    }

    private mutating func splitPiece(_ position: Position) {
        let all = pieces[position.piece].node.contents.entries
        let isAtEnd = position.piece == pieces.count - 1 && position.index == all.count - 1
        let cut = isAtEnd ? position.index : all.count / 2
        let first = pieces[position.piece].first
        pieces[position.piece] = Piece(Contents(ContiguousArray(all[..<cut])))
        pieces[position.piece].first = first
        pieces.insert(Piece(Contents(ContiguousArray(all[cut...]))), at: position.piece + 1)
        layout = .changedOrder
    }

    /// Joins a small piece with the smaller of its neighbours if that is small too, and goes back to one array if few entries are left.
    private mutating func joinPiece(_ index: Int) {
        if count <= Self.pieceLimit / 2 {
            var all: ContiguousArray<Entry> = []
            for piece in pieces { all += piece.node.contents.entries }
            pieces = []
            entries = all
            measure()
            return
        }
        let left =
            if index == 0 { 0 } else if index == pieces.count - 1 { index - 1 } else {
                pieces[index - 1].count < pieces[index + 1].count ? index - 1 : index
            }
        let joined = Int(pieces[left].count + pieces[left + 1].count)
        let wasEmpty = pieces[index].count == 0
        guard joined <= Self.pieceFill || wasEmpty else { return }
        let first = pieces[left].first
        let all = pieces[left].node.contents.entries + pieces[left + 1].node.contents.entries
        pieces[left] = Piece(Contents(all))
        pieces[left].first = first
        pieces.remove(at: left + 1)
        if wasEmpty { encodedCount -= 1 }
        layout = .changedOrder
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
