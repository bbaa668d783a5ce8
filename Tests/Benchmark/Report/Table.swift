// The report as text: columns as wide as what stands in them.

struct Table {
    let figures: [Figure]

    private static let head = ["row", "work", "peer", "unit", "ours", "peer's", "ratio", "target", ""]
    /// Columns of numbers stand to the right.
    private static let rightmost: Set<Int> = [4, 5, 6]

    var text: String {
        let rows = [Self.head] + figures.map(cells)
        let widths = Self.head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return Self.rightmost.contains(index) ? space + cell.0 : cell.0 + space
            }.joined(separator: "  ").trimmingEnd
        }
        let notes = figures.filter { !$0.note.isEmpty }.map { "\($0.row) \($0.work): \($0.note)" }
        let unsteady = figures.filter(\.isUnsteady).map { "\($0.row) \($0.work)" }
        let warning =
            unsteady.isEmpty
            ? [] : ["Rounds differ by half and more; was something else running? " + unsteady.joined(separator: "; ")]
        return (lines + [""] + notes + warning).joined(separator: "\n")
    }

    private func cells(_ figure: Figure) -> [String] {
        [
            figure.row, figure.work, figure.peer, figure.unit, text(figure.ours), text(figure.peers),
            text(figure.ratio), figure.target, verdict(figure.verdict),
        ]
    }

    /// The median, and from where to where.
    private func text(_ spread: Spread?) -> String {
        guard let spread else { return "" }
        let (low, high) = (spread.minimum.short, spread.maximum.short)
        return low == high ? spread.median.short : "\(spread.median.short) (\(low)–\(high))"
    }

    private func verdict(_ verdict: Figure.Verdict) -> String {
        switch verdict {
        case .reached: "reached"
        case .missed: "MISSED"
        case .information: ""
        case .failed: "FAILED"
        }
    }
}

extension Double {
    /// As many decimals as tell something: 64,900, 12.3, 0.04, 0.0034.
    var short: String {
        guard isFinite else { return "–" }
        if magnitude >= 1_000 { return Int(rounded()).grouped }
        let decimals: Double = magnitude >= 100 ? 1 : magnitude >= 10 ? 10 : magnitude >= 0.01 ? 100 : 10_000
        let rounded = (self * decimals).rounded() / decimals
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension Int {
    /// With commas between thousands.
    var grouped: String {
        let digits = Array(String(magnitude))
        let text = digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : "\(digit)"
        }.joined()
        return self < 0 ? "-\(text)" : text
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
