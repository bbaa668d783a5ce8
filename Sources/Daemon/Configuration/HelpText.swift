// `--help`, made from the same table that the values are read by.

package struct HelpText: CustomStringConvertible {
    private let program: String
    private let summary: String
    private let table: [SettingDescription]

    /// Columns of a terminal.
    static let width = 100

    package init(program: String, summary: String, table: [SettingDescription]) {
        self.program = program
        self.summary = summary
        self.table = table
    }

    package var description: String {
        var entries = table.map { (head: head(of: $0), text: $0.help) }
        entries.append((head: "--version", text: "Print the version."))
        entries.append((head: "--help", text: "Print this text."))
        let options = entries.map { "  \($0.head)\n\(Self.wrapped($0.text, indent: 6))" }.joined(separator: "\n")
        return """
            \(program): \(summary)

            Usage: \(program) [options]

            Every option is an environment variable too: --redis-url is CISTERN_REDIS_URL. The option wins.

            \(options)

            """
    }

    private func head(of setting: SettingDescription) -> String {
        if setting.isSwitch { return setting.flag }
        let head = "\(setting.flag) \(setting.placeholder)"
        return setting.defaultText.isEmpty ? head : "\(head)  (default: \(setting.defaultText))"
    }

    private static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines = [margin]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + 1 + word.count > width { lines.append(margin) }
            if lines[lines.count - 1].count > indent { lines[lines.count - 1] += " " }
            lines[lines.count - 1] += word
        }
        return lines.joined(separator: "\n")
    }
}
