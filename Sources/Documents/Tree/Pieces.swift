// Cutting large containers into pieces, and putting small ones together again.

extension Contents {
    /// Changes one piece in place and takes over what that does to the figures.
    mutating func modifyPiece<Result>(_ index: Int, _ body: (inout Contents<Entry>) -> Result) -> Result {
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
    mutating func heightChanged(from old: Int, to new: Int) {
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

    mutating func measure() {
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
    mutating func cutIntoPieces(at index: Int) {
        let cut = index == entries.count - 1 ? index : entries.count / 2
        let front = Contents(ContiguousArray(entries[..<cut]))
        let back = Contents(ContiguousArray(entries[cut...]))
        entries = []
        pieces = [Piece(front), Piece(back)]
        layout = .changedOrder
    }

    mutating func splitPiece(_ position: Position) {
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
    mutating func joinPiece(_ index: Int) {
        if count <= Self.pieceLimit / 2 {
            joinAll()
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
        if pieces.count == 1 { joinAll() }
        layout = .changedOrder
    }

    /// Back to one array.
    private mutating func joinAll() {
        var all: ContiguousArray<Entry> = []
        for piece in pieces { all += piece.node.contents.entries }
        pieces = []
        entries = all
        measure()
    }
}
