import CisternClient
import Foundation

/// The changes of a trace file, read in pieces, so that a trace may be larger than memory.
struct TraceFile: Sendable {
    /// Bytes that are read at once.
    private static let pieceBytes = 1 << 20

    let path: String
    let run: String?

    /// Calls `body` with the changes, some at a time, in order.
    func inPieces(_ body: ([Change]) async throws -> Void) async throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Failure(
                .data, "The trace \(path) cannot be opened.", advice: "Is the path right, and may it be read?")
        }
        defer { try? file.close() }
        var splitter = LineSplitter(source: "the trace")
        while true {
            let piece: Data?
            do { piece = try file.read(upToCount: Self.pieceBytes) } catch {
                throw Failure(.data, "The trace \(path) cannot be read: \(error.localizedDescription)")
            }
            guard let piece, !piece.isEmpty else { break }
            try await body(try changes(splitter.take(Array(piece))))
        }
        try await body(try changes(splitter.finish()))
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
