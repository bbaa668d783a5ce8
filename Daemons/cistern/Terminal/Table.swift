/// Columns of text under headings, aligned by characters.
struct Table {
    struct Column {
        let heading: String
        let isNumber: Bool
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    /// - Parameter headings: one that begins with `#` is of a column of numbers, aligned to the right.
    init(_ headings: String...) {
        columns = headings.map { heading in
            heading.hasPrefix("#")
                ? Column(heading: String(heading.dropFirst()), isNumber: true)
                : Column(heading: heading, isNumber: false)
        }
    }

    /// - Parameter cells: as many as there are columns; more are left out, fewer filled up.
    mutating func add(_ cells: String...) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0] : "" })
    }

    /// Without spaces at the ends of lines.
    var lines: [String] {
        let all = [columns.map(\.heading)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let fill = String(repeating: " ", count: widths[index] - cell.count)
                if index > 0 { line += "  " }
                line += columns[index].isNumber ? fill + cell : cell + fill
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

extension Wording {
    /// A line for each name and its value, the values below each other.
    static func aligned(_ rows: [(name: String, value: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { name, value in name + String(repeating: " ", count: width - name.count + 2) + value }
    }
}
