/// A stretch of an encoding that was copied from the one before.
package struct KeptRun: Equatable, Sendable {
    /// Where it was, in bytes from the start of the last encoding.
    package let from: Int
    /// Where it is now.
    package let to: Int
    package let count: Int

    package init(from: Int, to: Int, count: Int) {
        self.from = from
        self.to = to
        self.count = count
    }

    /// Bytes. Who wants to know what did not change has no use for every comma.
    static let shortest = 1_024
}
