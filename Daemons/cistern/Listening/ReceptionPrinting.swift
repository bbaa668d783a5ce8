// What came, as people and programs read it.

import Documents

enum ReceptionPrinting {
    enum Form: Sendable {
        /// A line for each, data cut to what fits.
        case line
        /// With the body behind it, whole.
        case body
        case json
    }

    /// - Parameters:
    ///   - time: when it came, of RFC 3339.
    ///   - width: characters for the data in a line.
    static func lines(
        _ outcome: Reception.Outcome, at time: String, as form: Form, width: Int = 100,
        paint: (String, Colour) -> String = { text, _ in text }
    ) -> [String] {
        switch (outcome, form) {
        case (.delivered(let delivered), .json): [json(delivered, time).text]
        case (.refused(let status, let reason), .json):
            [Document.object([("at", .string(time)), ("status", .integer(status)), ("error", .string(reason))]).text]
        case (.delivered(let delivered), .line):
            [head(delivered, time, paint) + "  " + Wording.cut(delivered.data.text, to: width)]
        case (.delivered(let delivered), .body):
            [head(delivered, time, paint)] + PrettyPrinting.lines(delivered.body).map { "  " + $0 }
        case (.refused(let status, let reason), .line), (.refused(let status, let reason), .body):
            ["\(paint(time, .faint))  \(paint("refused with \(status)", .red))  \(Wording.printable(reason))"]
        }
    }

    private static func head(
        _ delivered: Reception.Delivered, _ time: String, _ paint: (String, Colour) -> String
    ) -> String {
        let answer = paint("→ \(delivered.status)", (200...299).contains(delivered.status) ? .green : .yellow)
        var parts = [
            paint(time, .faint), Wording.printable(delivered.id), Wording.printable(delivered.type),
            Wording.printable(delivered.application ?? "-"), answer,
        ]
        if delivered.isRepeat {
            parts.append(paint("repeat, was taken before", .yellow))
        } else if delivered.count > 1 {
            parts.append(paint("attempt \(delivered.count)", .yellow))
        }
        return parts.joined(separator: "  ")
    }

    private static func json(_ delivered: Reception.Delivered, _ time: String) -> Document {
        .object([
            ("at", .string(time)), ("id", .string(delivered.id)), ("count", .integer(delivered.count)),
            ("repeat", .bool(delivered.isRepeat)), ("status", .integer(delivered.status)), ("body", delivered.body),
        ])
    }
}
