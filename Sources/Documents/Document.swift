// The JSON value that everything else in Cistern is about. How it is kept in memory: Representation.md in the
// documentation of this module.

/// A JSON value that keeps numbers and string values as they were written and objects in one canonical order.
///
/// A value in the Swift sense: copying is cheap and shares what is equal, changing one copy never changes another.
/// It is `Sendable` for that reason: shared nodes are never written to, not even to remember a size or an encoding.
package struct Document: Sendable {
    var root: Value
    /// The last encoding of the root or of what it was, see Layout.swift; empty if there was none. Whoever puts another
    /// value in the place of the root has to empty it.
    var baseline: [UInt8] = []
    /// Where in `baseline` it begins.
    var baselineStart = 0

    init(_ root: Value) {
        self.root = root
    }

    package enum Kind: String, Sendable {
        case null, bool, number, string, array, object
    }

    package var kind: Kind {
        switch root {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// How deep arrays and objects are nested: 0 for a scalar, 1 for `{}`.
    package var depth: Int { root.height }
}

// MARK: - Parsing

extension Document {
    /// Parses a JSON text.
    package init(parsing bytes: [UInt8], limits: ParsingLimits = .standard) throws(ParsingError) {
        try self.init(parsing: bytes.span, limits: limits)
    }

    /// Parses a JSON text in somebody else's memory, which is only read during the call.
    package init(parsing bytes: Span<UInt8>, limits: ParsingLimits = .standard) throws(ParsingError) {
        var parser = Parser(limits: limits)
        self.init(try parser.parse(bytes))
    }

    /// Parses a JSON text in somebody else's memory, which is only read during the call.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: ParsingLimits = .standard) throws(ParsingError) {
        try unsafe self.init(parsing: bytes.assumingMemoryBound(to: UInt8.self).span, limits: limits)
    }
}

// MARK: - Encoding

extension Document {
    /// Bytes of the encoding. Kept up to date, not counted.
    package var encodedCount: Int { root.encodedCount }

    /// The canonical encoding: members sorted by the bytes of their unescaped names, no white space, numbers and string
    /// values as they arrived, member names with as few escapes as possible.
    package func encoded() -> [UInt8] {
        if isEncodingCurrent { return baselineStart == 0 ? baseline : Array(baseline[baselineStart...]) }
        return ByteWriter.array(capacity: encodedCount) { writer in writer.write(root) }
    }

    /// The same bytes, remembered, so that after a small change the next call costs little more than a copy of them.
    ///
    /// The bytes are shared with the caller; what this costs is the memory for them, plus work on the changed parts.
    package mutating func encodeAndRemember() -> [UInt8] {
        if isEncodingCurrent && baselineStart == 0 { return baseline }
        return encodeAndRemember(behind: []) { _, _ in }
    }

    /// As `encodeAndRemember`, behind other bytes in one array, so that nobody has to copy a large encoding to put something in front.
    ///
    /// - Parameter finish: is given the bytes before they are remembered and shared, the last moment to change something in the head,
    ///   and which stretches of the encoding were copied from that of the last call.
    package mutating func encodeAndRemember(
        behind head: [[UInt8]], finish: (inout [UInt8], [KeptRun]) -> Void
    ) -> [UInt8] {
        let start = head.reduce(0) { $0 + $1.count }
        let isCurrent = isEncodingCurrent
        let oldStart = baselineStart
        let base = baseline.isEmpty ? nil : oldStart
        let isRemembered = encodedCount <= Place.limit
        // The tree must have no second reference while its places are written.
        var value = root
        root = .null
        var kept: [KeptRun] = []
        var bytes = ByteWriter.array(capacity: start + value.encodedCount, baseline: baseline) { writer in
            for part in head { writer.write(part) }
            if isCurrent {
                writer.copy(oldStart..<oldStart + value.encodedCount)
            } else if isRemembered {
                writer.layOut(&value, base: base)
            } else {
                writer.write(value)
            }
            kept = writer.kept.map { KeptRun(from: $0.from - oldStart, to: $0.to - start, count: $0.count) }
        }
        root = value
        finish(&bytes, kept)
        baseline = isRemembered ? bytes : []
        baselineStart = start
        return bytes
    }

    /// Appends the encoding.
    package func encode(into bytes: inout [UInt8]) {
        bytes += encoded()
    }

    /// The encoding as text.
    package var text: String { String(decoding: encoded(), as: UTF8.self) }

    /// Whether `baseline` is the encoding of this very value.
    private var isEncodingCurrent: Bool {
        guard !baseline.isEmpty else { return false }
        switch root {
        case .null, .bool, .number, .string: return true
        case .array(let node): return node.contents.layout == .current
        case .object(let node): return node.contents.layout == .current
        }
    }
}
