package struct BucketConfiguration: Sendable {
    /// Bytes of one change. A state may be larger; it is built from more than one change.
    package var maximumChangeBytes = 1 << 20
    /// Bytes of a batch.
    package var maximumBatchBytes = 8 << 20
    /// Requests that may wait for the outcome of their change at the same time. Each looks at Redis four times a second.
    package var maximumWaiters = 10_000

    package init() {}
}
