/// What a parser accepts at most.
package struct ParsingLimits: Sendable {
    /// Nested arrays and objects: far more than the data of applications has.
    package static let standardDepth = 128
    /// The most that may be asked for: a document of standard depth in an envelope of a few levels. Parsing, encoding,
    /// comparing and releasing recurse once per level, which fits into 512 KiB of stack even without optimisation.
    package static let maximumDepth = 160
    /// Bytes of one number. Exact arithmetic on it stays cheap.
    package static let maximumNumberCount = 1_000

    /// Depth 128.
    package static let standard = ParsingLimits()

    /// Nested arrays and objects, at most `maximumDepth`.
    package let depth: Int

    /// - Parameter depth: more than `maximumDepth` counts as that.
    package init(depth: Int = standardDepth) {
        self.depth = min(max(depth, 0), Self.maximumDepth)
    }
}
