/// Some measurements of the same thing.
struct Spread: Sendable, Equatable, Encodable {
    let median: Double
    let minimum: Double
    let maximum: Double

    init(_ samples: [Double]) {
        let sorted = samples.sorted()
        minimum = sorted.first ?? .nan
        maximum = sorted.last ?? .nan
        let middle = sorted.count / 2
        median =
            if sorted.isEmpty { .nan } else if sorted.count % 2 == 1 { sorted[middle] } else {
                (sorted[middle - 1] + sorted[middle]) / 2
            }
    }
}

/// Measurements in pairs, one after the other: the ratio within a pair does not feel what the machine does over minutes.
struct Comparison: Sendable {
    private(set) var ours: [Double] = []
    private(set) var peers: [Double] = []

    mutating func add(ours: Double, peers: Double) {
        self.ours.append(ours)
        self.peers.append(peers)
    }

    var ratio: Spread { Spread(zip(ours, peers).map { $0 / $1 }) }
}

/// Latencies in microseconds.
struct Latencies: Sendable {
    private var sorted: [UInt32]

    init(_ microseconds: [UInt32]) {
        sorted = microseconds.sorted()
    }

    var count: Int { sorted.count }

    /// Milliseconds below which this part of all lies; 0 ≤ part ≤ 1.
    func percentile(_ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1_000
    }
}
