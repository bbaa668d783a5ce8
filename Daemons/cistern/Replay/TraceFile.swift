import CisternClient

/// The changes of a trace file, read in pieces, so that a trace may be larger than memory.
struct TraceFile: Sendable {
    let path: String
    let run: String?

    /// Calls `body` with the changes, some at a time, in order.
    func inPieces(_ body: ([Change]) async throws -> Void) async throws {
        try await LineFile(path: path, what: "the trace").inPieces { try await body(try changes($0)) }
    }

    /// Reads all of it, so that a mistake in it shows before anything is sent.
    func count() async throws -> Int {
        var count = 0
        try await inPieces { count += $0.count }
        guard count > 0 else { throw Failure(.data, "The trace \(path) has no changes in it.") }
        return count
    }

    private func changes(_ lines: [(number: Int, line: ArraySlice<UInt8>)]) throws -> [Change] {
        try lines.map { try TraceLine.change($0.line, number: $0.number, run: run) }
    }
}
