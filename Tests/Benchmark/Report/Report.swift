// What a run gives: lines for the table, curves for the picture.

struct Report: Sendable, Encodable {
    var figures: [Figure] = []
    var curves: [Curve] = []

    static func + (one: Report, other: Report) -> Report {
        Report(figures: one.figures + other.figures, curves: one.curves + other.curves)
    }
}

/// Points that belong together, in one panel of the picture.
struct Curve: Sendable, Encodable {
    let panel: Panel
    let name: String
    let points: [Point]

    struct Point: Sendable, Encodable {
        let x: Double
        let y: Double
    }

    /// What the points are: raw values are the words that a panel is found by in the JSON.
    enum Panel: String, Sendable, Encodable, CaseIterable {
        /// x: part of all changes in percent; y: milliseconds until a poller has them.
        case distribution
        /// x: pollers; y: milliseconds until a poller has a change.
        case latency
        /// x: pollers; y: cost as a multiple of what it is with the fewest.
        case cost
    }

    init(_ panel: Panel, _ name: String, _ points: [(Double, Double)]) {
        self.panel = panel
        self.name = name
        self.points = points.map { Point(x: $0.0, y: $0.1) }
    }
}
