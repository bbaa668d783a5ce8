import Documents

/// JSON for people: one member or element a line, two spaces for each level, numbers and strings as they arrived.
enum PrettyPrinting {
    static func lines(_ document: Document) -> [String] {
        var lines: [String] = []
        add(document, label: "", comma: "", indentation: "", to: &lines)
        return lines
    }

    private static func add(
        _ document: Document, label: String, comma: String, indentation: String, to lines: inout [String]
    ) {
        guard document.count > 0 else {
            lines.append(indentation + label + document.text + comma)
            return
        }
        let isArray = document.kind == .array
        lines.append(indentation + label + (isArray ? "[" : "{"))
        var rest = document.count
        let inner = indentation + "  "
        for element in document.elements {
            rest -= 1
            add(element, label: "", comma: rest > 0 ? "," : "", indentation: inner, to: &lines)
        }
        for (name, value) in document.members {
            rest -= 1
            add(
                value, label: Document.string(name).text + ": ", comma: rest > 0 ? "," : "", indentation: inner,
                to: &lines)
        }
        lines.append(indentation + (isArray ? "]" : "}") + comma)
    }
}
