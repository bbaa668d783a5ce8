/// P9, P10: what live delivery will be measured by. The load generator can hold waiting clients already, see `Polling`.
struct Later: Row {
    let names = ["P9", "P10"]

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let note = "belongs to live delivery, not measured yet"
        let figures = [
            Figure(
                later: "P9", "bytes per poll with deltas, 100 KB state", target: "≤ 1/200 of full polls", note: note),
            Figure(later: "P10", "memory per waiting client", target: "≤ 8 KB", note: note),
            Figure(later: "P10", "new version → the last of 5,000", target: "≤ 1 × nchan", note: note),
        ]
        return Report(figures: figures.filter { only.contains($0.row) })
    }
}
