// Changing the entries of a container, with the figures kept right on the way: what it costs is what is moved inside of
// one piece.

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
