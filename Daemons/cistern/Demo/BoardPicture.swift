// A picture of the demo's board in SVG, drawn card by card. Pure.

struct BoardPicture {
    private static let columnWidth = 340
    private static let gap = 18
    private static let margin = 28
    /// Characters of a line of a card, in a type that runs wide.
    private static let lineLength = 32
    private static let lineHeight = 21
    private static let mostLines = 12
    private static let top = 92

    /// Cards that are drawn.
    private var drawn = ""
    /// Where the next card of each column begins.
    private var ends: [Int]
    private let title: String
    private let headings: [String]

    init(title: String, columns: [String]) {
        self.title = title
        headings = columns
        ends = columns.map { _ in Self.top + 44 }
    }

    private static func x(_ column: Int) -> Int { margin + column * (columnWidth + gap) }

    mutating func draw(_ card: DemoBoard.Card, in column: Int) {
        let lines = Self.lines(card.text)
        let (x, y) = (Self.x(column) + 10, ends[column])
        let height = lines.count * Self.lineHeight + 22
        let middle = y + 22
        drawn += Self.box(x, y, Self.columnWidth - 20, height, radius: 10, [("fill", "#fff"), ("stroke", "#e3ded4")])
        drawn += Self.tag(
            "circle",
            [
                ("cx", "\(x + 20)"), ("cy", "\(middle)"), ("r", "8"), ("fill", card.isDone ? Self.green : "none"),
                ("stroke", card.isDone ? Self.green : "#bdb9b0"), ("stroke-width", "1.5"),
            ])
        if card.isDone {
            drawn += Self.tag(
                "path",
                [
                    ("d", "M\(x + 16) \(middle)l3 3 5-6"), ("fill", "none"), ("stroke", "#fff"),
                    ("stroke-width", "1.8"),
                ])
        }
        let style =
            card.isDone ? [("fill", "#8b867c"), ("text-decoration", "line-through")] : [("fill", Self.ink)]
        for (index, line) in lines.enumerated() {
            drawn += Self.text(line, x + 38, middle + 5 + index * Self.lineHeight, style)
        }
        ends[column] = y + height + 8
    }

    /// The picture as far as it is drawn.
    var svg: String {
        let width = Self.x(headings.count) - Self.gap + Self.margin
        let height = (ends.max() ?? Self.top) + Self.margin
        var inside = Self.box(0, 0, width, height, radius: 0, [("fill", "#f6f4ef")])
        inside += Self.text(
            title, Self.margin, 58, [("font-size", "26"), ("font-weight", "650"), ("fill", Self.ink)])
        for (column, heading) in headings.enumerated() {
            let x = Self.x(column)
            inside += Self.box(
                x, Self.top, Self.columnWidth, ends[column] - Self.top + 4, radius: 14, [("fill", "#eae8e2")])
            inside += Self.text(
                heading, x + 16, Self.top + 27, [("font-size", "14"), ("font-weight", "620"), ("fill", "#5d594f")])
        }
        return Self.tag(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(width) \(height)"), ("width", "\(width)"),
                ("height", "\(height)"), ("font-family", "system-ui, sans-serif"), ("font-size", "15"),
            ], inside + drawn) + "\n"
    }

    // MARK: Elements

    private static let ink = "#2b2a27"
    private static let green = "#2f9e6e"

    private static func box(
        _ x: Int, _ y: Int, _ width: Int, _ height: Int, radius: Int, _ style: [(String, String)]
    ) -> String {
        let place = [
            ("x", "\(x)"), ("y", "\(y)"), ("width", "\(width)"), ("height", "\(height)"), ("rx", "\(radius)"),
        ]
        return tag("rect", place + style)
    }

    private static func text(_ text: String, _ x: Int, _ y: Int, _ style: [(String, String)]) -> String {
        tag("text", [("x", "\(x)"), ("y", "\(y)")] + style, escaped(text))
    }

    private static func tag(_ name: String, _ attributes: [(String, String)], _ content: String = "") -> String {
        let words = attributes.map { " \($0)=\"\($1)\"" }.joined()
        return content.isEmpty ? "<\(name)\(words)/>" : "<\(name)\(words)>\(content)</\(name)>"
    }

    /// Words on lines, as nearly as it can be said without knowing the type.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                var rest = word[...]
                if !line.isEmpty, line.count + 1 + rest.count > lineLength {
                    lines.append(line)
                    line = ""
                }
                while rest.count > lineLength {
                    lines.append(String(rest.prefix(lineLength)))
                    rest = rest.dropFirst(lineLength)
                }
                line += (line.isEmpty ? "" : " ") + rest
            }
            lines.append(line)
        }
        guard lines.count > mostLines else { return lines }
        return Array(lines.prefix(mostLines - 1)) + ["…"]
    }

    /// Texts are anybody's: no part of them becomes markup, and what XML has no place for is left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default:
                if scalar.value >= 0x20, scalar.value != 0xFFFE, scalar.value != 0xFFFF {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}
