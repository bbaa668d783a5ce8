// What counts: a few words of memory each, changed by atomic operations, so that counting never waits.

import Metrics
import Synchronization

/// A number that only grows, in whole steps or in parts such as seconds.
final class GrowingCounter: CounterHandler, FloatingPointCounterHandler {
    private let steps = Atomic<Int64>(0)
    private let parts = AtomicSum()

    var wholeSteps: Int64 { steps.load(ordering: .relaxed) }
    var fractions: Double { parts.value }

    /// A counter never goes down; a negative step is left out.
    func increment(by amount: Int64) {
        if amount > 0 { steps.wrappingAdd(amount, ordering: .relaxed) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { parts.add(amount) }
    }

    func reset() {
        steps.store(0, ordering: .relaxed)
        parts.set(0)
    }
}

/// A value that goes up and down.
final class Gauge: MeterHandler, RecorderHandler {
    private let sum = AtomicSum()

    var value: Double { sum.value }

    func set(_ value: Int64) { sum.set(Double(value)) }
    func set(_ value: Double) { sum.set(value) }
    func increment(by amount: Double) { sum.add(amount) }
    func decrement(by amount: Double) { sum.add(-amount) }
    func record(_ value: Int64) { sum.set(Double(value)) }
    func record(_ value: Double) { sum.set(value) }
}

/// How often which values came, in fixed buckets.
final class Histogram: TimerHandler, RecorderHandler {
    /// For times: 100 µs to 60 s, about three to a power of ten.
    static let secondBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// For sizes and numbers: the powers of four from 1 to 16 Mi.
    static let quantityBounds: [Double] = (0...12).map { Double(1 << (2 * $0)) }

    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    let bounds: [Double]
    /// One per bound, and one for what is above all.
    private let cells: [Cell]
    private let total = AtomicSum()

    init(bounds: [Double]) {
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in Cell() }
    }

    /// How many values were in each bucket alone, the one above all bounds last.
    var counts: [UInt64] { cells.map { $0.count.load(ordering: .relaxed) } }

    /// The sum of all values. Read beside `counts` it may be a value ahead or behind.
    var sum: Double { total.value }

    func record(_ value: Int64) { record(Double(value)) }

    /// A value that is no number would spoil the sum for good; it is left out.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        cells[bucket].count.wrappingAdd(1, ordering: .relaxed)
        total.add(value)
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(max(0, duration)) / 1e9)
    }
}

/// A `Double` that many threads add to.
private final class AtomicSum: Sendable {
    private let bits = Atomic<Double>(0)

    var value: Double { bits.load(ordering: .relaxed) }

    func set(_ value: Double) {
        bits.store(value, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = bits.weakCompareExchange(
                expected: current, desired: current + amount, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
