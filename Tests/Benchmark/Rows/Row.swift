// A row of the plan in the design: it starts what it needs, measures, checks, and stops it again.

protocol Row: Sendable {
    /// As in the table of figures to reach.
    var names: [String] { get }

    /// - Throws: ``Wrong`` if an answer is not what it has to be.
    func measure(_ bench: Bench, only: Set<String>) async throws -> Report
}
