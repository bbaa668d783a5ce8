/// What a document may grow to, and what one patch may cost. They decide whether a change is applied, so they are part of
/// what a fold means: the same limits for everybody who folds a log.
package struct DocumentLimits: Sendable, Equatable {
    /// 4 MiB: a state that every poller can still be sent.
    package static let standardBytes = 4 << 20
    /// As deep as a change may be.
    package static let standardDepth = ParsingLimits.standardDepth
    /// Twice the elements that fit into 4 MiB: every single operation on a state of any shape is possible, but not
    /// thousands of searches through an array of a million. Some tenths of a second at most.
    package static let standardWork = 4 << 20

    package static let standard = DocumentLimits()

    /// Of the canonical encoding, checked after every operation.
    package let maximumBytes: Int
    /// Of nested arrays and objects; at most `ParsingLimits.maximumDepth`.
    package let maximumDepth: Int
    /// Per patch, in elements looked at; 16 bytes that are compared count as one element.
    package let maximumWork: Int

    package init(
        maximumBytes: Int = standardBytes, maximumDepth: Int = standardDepth, maximumWork: Int = standardWork
    ) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = min(maximumDepth, ParsingLimits.maximumDepth)
        self.maximumWork = maximumWork
    }
}
