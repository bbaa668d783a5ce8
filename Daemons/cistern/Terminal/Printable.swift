// Values of others on a person's screen: short enough, and without what would move the cursor.

extension Wording {
    /// At most so many characters, none of which moves the cursor.
    static func cut(_ text: String, to width: Int) -> String {
        let text = printable(text)
        return text.count <= width ? text : text.prefix(max(1, width - 1)) + "…"
    }

    /// A member's name or a string may hold what would move the cursor or colour the screen.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
