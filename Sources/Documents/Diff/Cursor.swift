/// Goes through the entries of a container, and over whole pieces that another cursor has too.
struct Cursor<Entry: ContentsEntry> {
    private let contents: Contents<Entry>
    private var entries: ContiguousArray<Entry>
    private var piece = 0
    private var index = 0

    init(_ contents: Contents<Entry>) {
        self.contents = contents
        entries = contents.pieces.first?.node.contents.entries ?? contents.entries
    }

    /// The entry it stands at, nil at the end.
    var current: Entry? { index < entries.count ? entries[index] : nil }

    mutating func advance() {
        index += 1
        if index == entries.count { enterPiece(piece + 1) }
    }

    private mutating func enterPiece(_ next: Int) {
        guard next < contents.pieces.count else {
            index = entries.count
            return
        }
        piece = next
        entries = contents.pieces[next].node.contents.entries
        index = 0
    }

    /// Advances both as long as they are at the start of the same piece; returns by how many entries.
    @discardableResult
    static func skipSharedPieces(_ a: inout Cursor, _ b: inout Cursor) -> Int {
        var count = 0
        while a.index == 0 && b.index == 0 && a.contents.hasPieces && b.contents.hasPieces
            && a.contents.pieces[a.piece].node === b.contents.pieces[b.piece].node
        {
            count += a.entries.count
            a.enterPiece(a.piece + 1)
            b.enterPiece(b.piece + 1)
        }
        return count
    }
}

/// What two objects have to say about one name.
enum MemberPair {
    case removed(Member)
    case added(Member)
    case kept(old: Member, new: Member)
}

/// The members of two objects side by side, by name, without the pieces that they share.
struct MemberPairs: Sequence, IteratorProtocol {
    private var old: Cursor<Member>
    private var new: Cursor<Member>

    init(_ old: Contents<Member>, _ new: Contents<Member>) {
        self.old = Cursor(old)
        self.new = Cursor(new)
    }

    mutating func next() -> MemberPair? {
        Cursor.skipSharedPieces(&old, &new)
        switch (old.current, new.current) {
        case (nil, nil):
            return nil
        case (let removed?, nil):
            old.advance()
            return .removed(removed)
        case (nil, let added?):
            new.advance()
            return .added(added)
        case (let first?, let second?):
            let order = first.name.compare(second.name)
            if order <= 0 { old.advance() }
            if order >= 0 { new.advance() }
            return order < 0 ? .removed(first) : order > 0 ? .added(second) : .kept(old: first, new: second)
        }
    }
}
