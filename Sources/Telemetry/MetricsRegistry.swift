// All metrics of one process, kept in memory and handed out as text when somebody scrapes.
//
// The rest of the program counts through swift-metrics and knows nothing of this. A name has one kind and a bounded number of series:
// label values may come from outside, and nobody may fill the memory with them.

package import Metrics
import Synchronization

/// A `MetricsFactory` whose instruments can be read in the Prometheus text format.
///
/// Timers and aggregating recorders become histograms, meters and other recorders gauges. Asking twice for the same name and
/// labels gives the same instrument. Series stay for the life of the process: a counter that vanished and came back
/// would look like a restart.
package final class MetricsRegistry: MetricsFactory {
    /// Series of one name. Prometheus advises to stay below a hundred or so; what comes beyond is counted in one further series
    /// with the label `overflow="true"`.
    package static let defaultSeriesLimit = 256

    private let seriesLimit: Int
    private let state = Mutex(State())

    private struct State {
        var families: [String: MetricFamily] = [:]
        var help: [String: String] = [:]
    }

    package init(seriesLimit: Int = MetricsRegistry.defaultSeriesLimit) {
        self.seriesLimit = max(1, seriesLimit)
    }

    // MARK: - What only this registry can do

    /// Sets the text of `# HELP`.
    ///
    /// - Parameter name: as it stands in the exposition, for example `memcached_gets_total`.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[name] = help }
    }

    /// Adds a gauge that is computed at each scrape, for what is known anyhow: a backlog, a number of connections.
    ///
    /// - Parameter read: called on the thread of whoever scrapes; it must not wait. A second one of the same name and labels
    ///   replaces the first.
    package func gauge(
        _ label: String, _ labels: [(String, String)] = [], help: String? = nil,
        read: @escaping @Sendable () -> Double
    ) {
        observe(label, labels, kind: .gauge, help: help, read: read)
    }

    /// Like `gauge`, for a number that only grows.
    package func counter(
        _ label: String, _ labels: [(String, String)] = [], help: String? = nil,
        read: @escaping @Sendable () -> Double
    ) {
        observe(label, labels, kind: .counter, help: help, read: read)
    }

    private func observe(
        _ label: String, _ labels: [(String, String)], kind: MetricKind, help: String?,
        read: @escaping @Sendable () -> Double
    ) {
        let name = MetricName.sanitized(label, kind: kind, unit: .none)
        let labels = MetricLabels(labels)
        state.withLock { state in
            let name = Self.free(name, for: kind, in: state.families)
            state.families[name, default: MetricFamily(kind: kind)].replace(
                labels, with: .computed(read), limit: seriesLimit)
            if let help { state.help[name] = help }
        }
    }

    /// Everything in the Prometheus text format 0.0.4, sorted by name and labels.
    package func exposition() -> String {
        // Computed gauges run outside the lock: they may use metrics themselves.
        let state = state.withLock { $0 }
        var text = ""
        for (name, family) in state.families.sorted(by: { $0.key < $1.key }) {
            Exposition.write(family, name: name, help: state.help[name], to: &text)
        }
        return text
    }

    func series(of name: String) -> [MetricLabels: MetricSeries] {
        state.withLock { $0.families[name]?.series ?? [:] }
    }

    // MARK: - Instruments

    private func instrument<Instrument>(
        _ label: String, _ labels: [(String, String)], kind: MetricKind, unit: MetricName.Unit = .none,
        find: (MetricSeries) -> Instrument?, make: () -> (Instrument, MetricSeries)
    ) -> Instrument {
        let name = MetricName.sanitized(label, kind: kind, unit: unit)
        let labels = MetricLabels(labels)
        return state.withLock { state in
            let name = Self.free(name, for: kind, in: state.families)
            let family = state.families[name] ?? MetricFamily(kind: kind)
            let place = family.place(for: labels, limit: seriesLimit)
            if let series = family.series[place], let instrument = find(series) { return instrument }
            let (instrument, series) = make()
            state.families[name, default: family].series[place] = series
            return instrument
        }
    }

    /// The text format allows one kind per name. Whoever comes second with another kind gets it behind the name, rather
    /// than losing what it counts.
    private static func free(_ name: String, for kind: MetricKind, in families: [String: MetricFamily]) -> String {
        var name = name
        while let family = families[name], family.kind != kind { name += "_\(kind.rawValue)" }
        return name
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return histogram(label, dimensions, unit: .none, bounds: Histogram.quantityBounds)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, unit: .seconds, bounds: Histogram.secondBounds)
    }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> GrowingCounter {
        instrument(label, dimensions, kind: .counter) { series in
            if case .counter(let counter) = series { counter } else { nil }
        } make: {
            let counter = GrowingCounter()
            return (counter, .counter(counter))
        }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> Gauge {
        instrument(label, dimensions, kind: .gauge) { series in
            if case .gauge(let gauge) = series { gauge } else { nil }
        } make: {
            let gauge = Gauge()
            return (gauge, .gauge(gauge))
        }
    }

    private func histogram(
        _ label: String, _ dimensions: [(String, String)], unit: MetricName.Unit, bounds: [Double]
    ) -> Histogram {
        instrument(label, dimensions, kind: .histogram, unit: unit) { series in
            if case .histogram(let histogram) = series { histogram } else { nil }
        } make: {
            let histogram = Histogram(bounds: bounds)
            return (histogram, .histogram(histogram))
        }
    }

    // Series stay; see above.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
