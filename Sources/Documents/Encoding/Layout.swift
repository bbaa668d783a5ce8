// Encoding again after a small change. A document remembers its last encoding, and each container where its entries
// stood in it. What did not change is copied from there in long runs; only the changed entries on the way from the
// root are written anew. Cost: one copy of the bytes, plus the entries of the containers on the changed paths.
//
// Places are relative to the container, so nothing has to be renumbered when something in front of it grows.

/// What the places of a container's entries mean.
enum Layout: Sendable {
    /// They fit the present contents, here and in all containers below.
    case current
    /// They fit the contents at the time of the last layout, whose entries were the same ones in the same order.
    case changedValues
    /// Entries were added or removed since then, or there was no layout yet.
    case changedOrder
}

extension ByteWriter {
    /// Writes a value and leaves all containers in it with a current layout.
    ///
    /// - Parameter base: where the value stood in the baseline as of its last layout, nil if it did not.
    mutating func layOut(_ value: inout Value, base: Int?) {
        switch value {
        case .null, .bool, .number, .string:
            write(value)
        case .array(var node):
            if node.contents.layout == .current {
                writeCurrent(value, base: base)
                return
            }
            // The node must have no second reference while it is changed.
            value = .null
            write(UInt8(ascii: "["))
            layOut(&node, base: base.map { $0 + 1 })
            write(UInt8(ascii: "]"))
            value = .array(node)
        case .object(var node):
            if node.contents.layout == .current {
                writeCurrent(value, base: base)
                return
            }
            value = .null
            write(UInt8(ascii: "{"))
            layOut(&node, base: base.map { $0 + 1 })
            write(UInt8(ascii: "}"))
            value = .object(node)
        }
    }

    private mutating func writeCurrent(_ value: Value, base: Int?) {
        if let base {
            copy(base..<base + value.encodedCount)
        } else {
            write(value)
        }
    }

    private mutating func layOut<Entry>(_ node: inout Node<Entry>, base: Int?) {
        if node.contents.layout == .current {
            if let base {
                copy(base..<base + node.contents.encodedCount)
            } else {
                write(node.contents)
            }
            return
        }
        Node.modify(&node) { contents in
            if let base, contents.layout == .changedValues {
                contents.layOutChangedValues(&self, base: base)
            } else {
                contents.layOutAll(&self, base: base)
            }
            contents.didLayOut()
        }
    }

    /// Writes an entry whose value was at `base` in the baseline.
    fileprivate mutating func layOut<Entry: ContentsEntry>(_ entry: inout Entry, base: Int?) {
        writeName(of: entry)
        layOut(&entry.value, base: base)
    }

    fileprivate mutating func layOut<Entry>(_ piece: inout Piece<Entry>, base: Int?) {
        layOut(&piece.node, base: base)
    }
}

extension Contents {
    /// Writes all entries; containers that stand in the baseline still come from there.
    fileprivate mutating func layOutAll(_ writer: inout ByteWriter, base: Int?) {
        let start = writer.count
        for index in pieces.indices {
            if index > 0 { writer.write(UInt8(ascii: ",")) }
            let place = pieces[index].place
            pieces[index].place = Place(start: writer.count - start)
            writer.layOut(&pieces[index], base: place.isFresh ? nil : base.map { $0 + place.start })
        }
        for index in entries.indices {
            if index > 0 { writer.write(UInt8(ascii: ",")) }
            let place = entries[index].place
            entries[index].place = Place(start: writer.count - start)
            writer.layOut(&entries[index], base: valueBase(index, place, base))
        }
    }

    /// Where the value of an entry was in the baseline, if it was there and is worth looking for.
    private func valueBase(_ index: Int, _ place: Place, _ base: Int?) -> Int? {
        guard let base, !place.isReplaced, entries[index].value.height > 0 else { return nil }
        return base + place.start + entries[index].prefixCount
    }

    /// Writes the changed entries and copies the stretches between them.
    fileprivate mutating func layOutChangedValues(_ writer: inout ByteWriter, base: Int) {
        let start = writer.count
        // Up to where the old contents are dealt with, and how far what follows has moved.
        var done = 0
        var moved = 0
        for index in pieces.indices {
            let place = pieces[index].place
            if !place.isChanged {
                if moved != 0 { pieces[index].place.move(by: moved) }
                continue
            }
            writer.copy(base + done..<base + place.start)
            done = index + 1 < pieces.count ? pieces[index + 1].place.start - 1 : laidOutCount
            pieces[index].place = Place(start: writer.count - start)
            writer.layOut(&pieces[index], base: base + place.start)
            moved = writer.count - start - done
        }
        for index in entries.indices {
            let place = entries[index].place
            if !place.isChanged {
                if moved != 0 { entries[index].place.move(by: moved) }
                continue
            }
            writer.copy(base + done..<base + place.start)
            done = index + 1 < entries.count ? entries[index + 1].place.start - 1 : laidOutCount
            entries[index].place = Place(start: writer.count - start)
            writer.layOut(&entries[index], base: valueBase(index, place, base))
            moved = writer.count - start - done
        }
        writer.copy(base + done..<base + laidOutCount)
    }

    /// The places were just set.
    fileprivate mutating func didLayOut() {
        layout = .current
        laidOutCount = encodedCount
    }
}
