// The canonical encoding: members sorted by the bytes of their unescaped names, no white space, numbers and string
// values as they arrived, names with as few escapes as possible.

extension ByteWriter {
    mutating func write(_ value: Value) {
        switch value {
        case .null: write("null")
        case .bool(let isTrue): write(isTrue ? "true" : "false" as StaticString)
        case .number(let text): write(text)
        case .string(let text):
            write(quote)
            write(text)
            write(quote)
        case .array(let node):
            write(UInt8(ascii: "["))
            write(node.contents)
            write(UInt8(ascii: "]"))
        case .object(let node):
            write(UInt8(ascii: "{"))
            write(node.contents)
            write(UInt8(ascii: "}"))
        }
    }

    /// The entries without brackets.
    mutating func write<Entry>(_ contents: Contents<Entry>) {
        if contents.hasPieces {
            for index in contents.pieces.indices {
                if index > 0 { write(UInt8(ascii: ",")) }
                write(contents.pieces[index].node.contents)
            }
        } else {
            for index in contents.entries.indices {
                if index > 0 { write(UInt8(ascii: ",")) }
                writeName(of: contents.entries[index])
                write(contents.entries[index].value)
            }
        }
    }

    @inline(__always)
    mutating func writeName<Entry: ContentsEntry>(of entry: Entry) {
        if Entry.self == Member.self { writeName(entry.name) }
    }

    @inline(__always)
    private mutating func writeName(_ name: Text) {
        write(quote)
        write(name.escaped)
        write(quote)
        write(UInt8(ascii: ":"))
    }
}
