import Foundation

/// What a panel of the picture says, and where its values lie, each axis from 0 to 1.
struct Plot {
    let title: String
    let abscissa: String
    let curves: [Curve]
    let x: Axis
    let y: Axis

    init(_ kind: Curve.Panel, _ curves: [Curve]) {
        self.curves = curves
        let xs = Set(curves.flatMap { $0.points.map(\.x) }).sorted()
        let ys = curves.flatMap { $0.points.map(\.y) }
        switch kind {
        case .distribution:
            title = "Push answered → poller has it (ms)"
            abscissa = "percent of changes"
            x = .even(xs)
            y = .logarithmic(ys)
        case .latency:
            title = "The same, by pollers (ms)"
            abscissa = "pollers"
            x = .even(xs)
            y = .logarithmic(ys)
        case .cost:
            title = "Cost per second, by pollers (times)"
            abscissa = "pollers"
            x = .even(xs)
            y = .logarithmic(ys)
        }
    }

    struct Tick: Equatable {
        let label: String
        let at: Double
    }

    enum Axis: Equatable {
        /// The values themselves at equal distances: they are few, and steps of their own.
        case even([Double])
        /// Powers of ten, and 2 and 5 times them, round all values.
        case logarithmic([Double])

        func place(_ value: Double) -> Double {
            switch self {
            case .even(let values):
                guard let index = values.firstIndex(of: value), values.count > 1 else { return 0.5 }
                return 0.04 + 0.92 * Double(index) / Double(values.count - 1)
            case .logarithmic(let values):
                let (low, high) = Self.bounds(values)
                return (log10(min(max(value, low), high)) - log10(low)) / (log10(high) - log10(low))
            }
        }

        var ticks: [Tick] {
            switch self {
            case .even(let values): values.map { Tick(label: $0.short, at: place($0)) }
            case .logarithmic(let values):
                Self.steps.filter { (Self.bounds(values).low...Self.bounds(values).high).contains($0) }.map {
                    Tick(label: $0.short, at: place($0))
                }
            }
        }

        private static let steps = (-2...5).flatMap { power in [1.0, 2, 5].map { $0 * pow(10, Double(power)) } }

        /// The steps that enclose all values.
        private static func bounds(_ values: [Double]) -> (low: Double, high: Double) {
            let positive = values.filter { $0 > 0 }
            let low = steps.last { $0 <= positive.min() ?? 1 } ?? 0.01
            let high = steps.first { $0 >= positive.max() ?? 1 && $0 > low } ?? low * 10
            return (low, high)
        }
    }
}
