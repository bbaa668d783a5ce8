// One name with its kind and its series.

/// What the text format calls the type of a metric.
package enum MetricKind: String, Sendable, Hashable {
    case counter
    case gauge
    case histogram
}

/// One series of a metric.
enum MetricSeries: Sendable {
    case counter(GrowingCounter)
    case gauge(Gauge)
    case histogram(Histogram)
    case computed(@Sendable () -> Double)
}

struct MetricFamily: Sendable {
    let kind: MetricKind
    var series: [MetricLabels: MetricSeries] = [:]

    init(kind: MetricKind) {
        self.kind = kind
    }

    /// Where a series of these labels is kept: under them, or with all others that came too late.
    func place(for labels: MetricLabels, limit: Int) -> MetricLabels {
        if series[labels] != nil { return labels }
        let known = series.count - (series[.overflow] == nil ? 0 : 1)
        return known < limit ? labels : .overflow
    }

    mutating func replace(_ labels: MetricLabels, with new: MetricSeries, limit: Int) {
        series[place(for: labels, limit: limit)] = new
    }
}
