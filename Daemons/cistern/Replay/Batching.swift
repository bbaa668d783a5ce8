import CisternClient

/// Gathers changes into batches of a number of changes and of bytes that a server takes.
struct Batching {
    /// Bytes of patches in a batch. A server takes 8 MiB with everything around them.
    static let maximumBytes = 6 << 20

    let size: Int
    private var gathered: [Change] = []
    private var bytes = 0

    init(size: Int) { self.size = size }

    /// - Returns: the batch that is complete when this change has come, if one is.
    mutating func add(_ change: Change) -> [Change]? {
        var complete: [Change]?
        if !gathered.isEmpty, bytes + change.patch.bytes.count > Self.maximumBytes { complete = finish() }
        gathered.append(change)
        bytes += change.patch.bytes.count
        if complete == nil, gathered.count >= size { complete = finish() }
        return complete
    }

    /// What is left; empty if nothing is.
    mutating func finish() -> [Change] {
        defer { (gathered, bytes) = ([], 0) }
        return gathered
    }
}
