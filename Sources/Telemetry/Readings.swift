// What a metric stands at now, for those who tell of it in other words than the text format's.

/// All series of one name together.
package struct MetricReading: Sendable, Equatable {
    /// Of counters and gauges their sum, of histograms the sum of all values.
    package var sum: Double
    /// Of histograms the number of values, else the number of series.
    package var count: Double
    /// The greatest of the series; of histograms nothing.
    package var largest: Double

    package init(sum: Double = 0, count: Double = 0, largest: Double = 0) {
        self.sum = sum
        self.count = count
        self.largest = largest
    }
}

extension MetricsRegistry {
    /// Reads a metric.
    ///
    /// - Parameters:
    ///   - name: as it stands in the exposition, without `_sum` and the like.
    ///   - labels: only series that have all of these.
    /// - Returns: nil if there is no such series.
    package func reading(_ name: String, _ labels: [(String, String)] = []) -> MetricReading? {
        let wanted = labels.map { MetricLabels([$0]).text }
        let found = series(of: name).filter { labels, _ in
            let own = ",\(labels.text),"
            return wanted.allSatisfy { own.contains(",\($0),") }
        }
        guard !found.isEmpty else { return nil }
        var reading = MetricReading()
        for (_, series) in found {
            switch series {
            case .counter(let counter): reading.add(Double(counter.wholeSteps) + counter.fractions)
            case .gauge(let gauge): reading.add(gauge.value)
            // Outside the lock: it may use metrics itself.
            case .computed(let read): reading.add(read())
            case .histogram(let histogram):
                reading.sum += histogram.sum
                reading.count += Double(histogram.counts.reduce(0, +))
            }
        }
        return reading
    }
}

extension MetricReading {
    fileprivate mutating func add(_ value: Double) {
        sum += value
        count += 1
        largest = max(largest, value)
    }
}
