// One line of the report.

struct Figure: Sendable, Encodable {
    let row: String
    let work: String
    /// What it is compared with; empty if with nothing.
    let peer: String
    let unit: String
    let ours: Spread?
    let peers: Spread?
    let ratio: Spread?
    let target: String
    let verdict: Verdict
    /// How to read it.
    let note: String

    enum Verdict: String, Sendable, Encodable {
        case reached, missed
        /// There is no target for it.
        case information
        /// There is no figure, because something else came than what was asked for.
        case failed
    }

    /// Whether rounds differ so much that something else must have been at work on the machine.
    var isUnsteady: Bool {
        [ours, peers].contains { spread in spread.map { $0.maximum > $0.minimum * Self.unsteady } ?? false }
            && ratio != nil
    }

    private static let unsteady = 1.5

    /// What is to be reached.
    enum Target: Sendable {
        case ratioAtLeast(Double)
        case ratioAtMost(Double)
        case atMost(Double)
        case none
    }

    /// Ours beside a peer's.
    init(
        _ row: String, _ work: String, peer: String, unit: String, _ comparison: Comparison, target: Target,
        note: String = ""
    ) {
        self.init(
            row, work, peer: peer, unit: unit, ours: Spread(comparison.ours), peers: Spread(comparison.peers),
            ratio: comparison.ratio, target: target, note: note)
    }

    /// Ours alone.
    init(_ row: String, _ work: String, unit: String, _ samples: [Double], target: Target, note: String = "") {
        self.init(
            row, work, peer: "", unit: unit, ours: Spread(samples), peers: nil, ratio: nil, target: target, note: note)
    }

    /// What could not be measured.
    ///
    /// - Parameter note: why.
    init(failed row: String, _ work: String, target: String, note: String) {
        self.row = row
        self.work = work
        peer = ""
        unit = ""
        ours = nil
        peers = nil
        ratio = nil
        self.target = target
        verdict = .failed
        self.note = note
    }

    private init(
        _ row: String, _ work: String, peer: String, unit: String, ours: Spread, peers: Spread?, ratio: Spread?,
        target: Target, note: String
    ) {
        self.row = row
        self.work = work
        self.peer = peer
        self.unit = unit
        self.ours = ours
        self.peers = peers
        self.ratio = ratio
        self.note = note
        switch target {
        case .ratioAtLeast(let limit):
            self.target = "≥ \(limit.short) ×"
            verdict = (ratio?.median ?? 0) >= limit ? .reached : .missed
        case .ratioAtMost(let limit):
            self.target = "≤ \(limit.short) ×"
            verdict = (ratio?.median ?? .infinity) <= limit ? .reached : .missed
        case .atMost(let limit):
            self.target = "≤ \(limit.short) \(unit)"
            verdict = ours.median <= limit ? .reached : .missed
        case .none:
            self.target = ""
            verdict = .information
        }
    }
}
