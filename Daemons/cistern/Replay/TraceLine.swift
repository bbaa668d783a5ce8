// A trace: one change a line, `{"id", "type", "change"}`, in the order in which they happened.

import CisternClient
import Documents

enum TraceLine {
    /// Bytes of a line. A change has at most 1 MiB; the rest is room for its envelope.
    static let maximumBytes = 2 << 20

    /// - Parameters:
    ///   - run: put before the id, with a dot between.
    ///   - number: of the line, from 1, for the error.
    static func change(_ line: ArraySlice<UInt8>, number: Int, run: String? = nil) throws(Failure) -> Change {
        func failure(_ reason: String) -> Failure { Failure(.data, "Line \(number) of the trace \(reason).") }
        let document: Document
        do {
            document = try Document(parsing: Array(line), limits: ParsingLimits(depth: ParsingLimits.standardDepth + 1))
        } catch {
            throw failure("is not JSON: at byte \(error.offset), \(error.message)")
        }
        guard let id = document["id"]?.stringValue else { throw failure("has no “id” that is a string") }
        guard let patch = document["change"] else { throw failure("has no “change”") }
        guard let kind = kind(document["type"]?.stringValue) else {
            let kinds = Change.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("has no “type” that is one of \(kinds)")
        }
        return Change(id: run.map { "\($0).\(id)" } ?? id, kind, JSONText(bytes: patch.encoded()))
    }

    private static func kind(_ type: String?) -> Change.Kind? {
        switch type {
        case "application/json": .mergePatch
        case let type?: Change.Kind(rawValue: type)
        case nil: nil
        }
    }
}

/// Divides bytes that come in pieces into lines. Empty lines are left out.
struct LineSplitter {
    private var rest: [UInt8] = []
    /// How many lines there were, empty ones included.
    private(set) var count = 0

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
        guard rest.count <= TraceLine.maximumBytes else {
            throw Failure(
                .data, "Line \(count + 1) of the trace has more than \(Wording.bytes(TraceLine.maximumBytes)).")
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
