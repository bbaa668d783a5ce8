import Foundation

/// The lines of a file that may be larger than memory.
struct LineFile: Sendable {
    /// Bytes that are read at once.
    private static let pieceBytes = 1 << 20

    /// `-` is standard input.
    let path: String
    /// What it is, for errors.
    let what: String
    var maximumLineBytes = LineSplitter.maximumBytes

    /// Calls `body` with the lines and their numbers, some at a time, in order.
    func inPieces(_ body: ([(number: Int, line: ArraySlice<UInt8>)]) async throws -> Void) async throws {
        guard let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
            throw Failure(
                .data, "\(what.first?.uppercased() ?? "")\(what.dropFirst()) \(path) cannot be opened.",
                advice: "Is the path right, and may it be read?")
        }
        defer { try? file.close() }
        var splitter = LineSplitter(source: what, maximumBytes: maximumLineBytes)
        while true {
            let piece: Data?
            do { piece = try file.read(upToCount: Self.pieceBytes) } catch {
                throw Failure(.data, "\(path) cannot be read: \(error.localizedDescription)")
            }
            guard let piece, !piece.isEmpty else { break }
            try await body(try splitter.take(Array(piece)))
        }
        try await body(splitter.finish())
    }
}
