// Bytes of a file or of standard input as lines.

/// Divides bytes that come in pieces into lines. Empty lines are left out.
struct LineSplitter {
    /// What the lines are of, for the error.
    let source: String
    /// Bytes of a line. A change has at most 1 MiB; the rest is room for what stands round it.
    static let maximumBytes = 2 << 20
    private let maximumBytes: Int
    private var rest: [UInt8] = []
    /// How many lines there were, empty ones included.
    private(set) var count = 0

    init(source: String, maximumBytes: Int = maximumBytes) {
        self.source = source
        self.maximumBytes = maximumBytes
    }

    /// - Returns: the lines that are complete with these bytes, and the number of each, from 1.
    mutating func take(_ bytes: [UInt8]) throws(Failure) -> [(number: Int, line: ArraySlice<UInt8>)] {
        rest += bytes
        var lines: [(Int, ArraySlice<UInt8>)] = []
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[start..<end], to: &lines)
            start = end + 1
        }
        rest.removeFirst(start)
        guard rest.count <= maximumBytes else {
            throw Failure(
                .data, "Line \(count + 1) of \(source) has more than \(Wording.bytes(maximumBytes)).")
        }
        return lines
    }

    /// What stands behind the last end of a line.
    mutating func finish() -> [(number: Int, line: ArraySlice<UInt8>)] {
        var lines: [(Int, ArraySlice<UInt8>)] = []
        append(rest[...], to: &lines)
        rest = []
        return lines
    }

    private mutating func append(_ line: ArraySlice<UInt8>, to lines: inout [(Int, ArraySlice<UInt8>)]) {
        count += 1
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        if !line.allSatisfy({ $0 == UInt8(ascii: " ") }) { lines.append((count, line)) }
    }
}
