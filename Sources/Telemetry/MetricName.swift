// Names and labels as the text format allows them (Prometheus documentation, "Data model" and "Exposition formats").

enum MetricName {
    enum Unit {
        case none
        case seconds
    }

    /// A name of `[a-zA-Z_:][a-zA-Z0-9_:]*`, with `_seconds` behind times and `_total` behind counters.
    static func sanitized(_ label: String, kind: MetricKind, unit: Unit) -> String {
        var name = identifier(label, allowingColon: true)
        switch unit {
        case .none: break
        case .seconds: append("_seconds", to: &name)
        }
        switch kind {
        case .counter: append("_total", to: &name)
        case .gauge, .histogram: break
        }
        return name
    }

    private static func append(_ suffix: String, to name: inout String) {
        if !name.hasSuffix(suffix) { name += suffix }
    }

    /// Everything that is not allowed becomes an underscore.
    static func identifier(_ text: String, allowingColon: Bool) -> String {
        var bytes = text.utf8.map { byte -> UInt8 in
            let isLetter = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let isDigit = (0x30...0x39).contains(byte)
            return isLetter || isDigit || (allowingColon && byte == 0x3A) ? byte : 0x5F
        }
        if bytes.first.map({ (0x30...0x39).contains($0) }) ?? true { bytes.insert(0x5F, at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The labels of one series, as they stand between the braces: sorted by name, escaped, without the braces.
struct MetricLabels: Sendable, Hashable {
    /// Bytes of one value; longer ones are cut. Ids of applications have up to 128.
    static let longestValue = 256

    static let overflow = MetricLabels([("overflow", "true")])

    let text: String

    init(_ labels: [(String, String)]) {
        var seen: Set<String> = []
        text =
            labels
            .map { (Self.name($0.0), $0.1) }
            .filter { seen.insert($0.0).inserted }
            .sorted { $0.0 < $1.0 }
            .map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
            .joined(separator: ",")
    }

    /// `le` belongs to histograms, and names that start with two underscores to Prometheus.
    private static func name(_ text: String) -> String {
        var name = MetricName.identifier(text, allowingColon: false)
        while name.hasPrefix("__") { name.removeFirst() }
        return name == "le" ? "le_" : name
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        var bytes = 0
        for scalar in value.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > longestValue { break }
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
