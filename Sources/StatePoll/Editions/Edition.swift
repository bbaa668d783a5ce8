// One version of a state among the last ones: its content, and its tree once a delta or a part of it is asked for.

import Documents
import Fold
import NIOCore
import Synchronization

final class Edition: Sendable {
    let version: VersionToken
    let content: Content
    private let tree = Mutex<Document?>(nil)

    init(_ version: VersionToken, _ content: Content) {
        self.version = version
        self.content = content
    }

    /// The state as a value, read from its bytes the first time.
    ///
    /// Nil if they are no JSON text, which only a snapshot could cause that nobody of ours has written; such a state is served as it
    /// is, without deltas.
    func document() -> Document? {
        tree.withLock { tree in
            if let tree { return tree }
            let bytes = content.plain
            let state = try? Document(parsing: bytes.readableBytesUInt8Span)
            tree = state
            return state
        }
    }

    /// Lets go of the tree, which takes a few times the bytes of its text.
    func forgetTree() { tree.withLock { $0 = nil } }

    var bytes: Int { content.bytes + (tree.withLock { $0 != nil } ? content.plain.readableBytes * Self.treeFactor : 0) }

    /// A document in memory takes a few times the bytes of its encoding.
    private static let treeFactor = 4
}
