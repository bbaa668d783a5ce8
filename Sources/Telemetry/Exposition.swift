// The text format of Prometheus, version 0.0.4 (Prometheus documentation, "Exposition formats").

package enum Exposition {
    /// For the header `Content-Type` of an answer with an exposition.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func write(_ family: MetricFamily, name: String, help: String?, to text: inout String) {
        guard !family.series.isEmpty else { return }
        if let help { text += "# HELP \(name) \(escaped(help))\n" }
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        let sorted = family.series.sorted { $0.key.text < $1.key.text }
        for (labels, series) in sorted {
            switch series {
            case .counter(let counter): sample(name, labels.text, number(counter), to: &text)
            case .gauge(let gauge): sample(name, labels.text, number(gauge.value), to: &text)
            case .computed(let read): sample(name, labels.text, number(read()), to: &text)
            case .histogram(let histogram): write(histogram, name: name, labels: labels.text, to: &text)
            }
        }
    }

    /// Buckets count everything up to their bound, so each contains those before it. The number of all values is taken from
    /// the same reading, so that it always fits the last bucket.
    private static func write(_ histogram: Histogram, name: String, labels: String, to text: inout String) {
        var count: UInt64 = 0
        let bounds = histogram.bounds.map(number) + ["+Inf"]
        for (bound, own) in zip(bounds, histogram.counts) {
            count += own
            let separator = labels.isEmpty ? "" : ","
            sample("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", "\(count)", to: &text)
        }
        sample("\(name)_sum", labels, number(histogram.sum), to: &text)
        sample("\(name)_count", labels, "\(count)", to: &text)
    }

    private static func sample(_ name: String, _ labels: String, _ value: String, to text: inout String) {
        text += name
        if !labels.isEmpty { text += "{\(labels)}" }
        text += " \(value)\n"
    }

    /// Whole steps are printed exactly, also beyond what a `Double` can tell apart.
    private static func number(_ counter: GrowingCounter) -> String {
        let fractions = counter.fractions
        return fractions == 0 ? "\(counter.wholeSteps)" : number(Double(counter.wholeSteps) + fractions)
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ help: String) -> String {
        help.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\n", "\r\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
