// The bytes of a state or of a part of it, and their gzip coding once somebody wants it.

import Gzip
import NIOCore
import Synchronization

final class Content: Sendable {
    /// Canonical JSON.
    let plain: ByteBuffer
    private let coded = Mutex<Coded>(.notYet)

    private enum Coded {
        case notYet
        case done(ByteBuffer)
        /// There is no memory for it.
        case failed
    }

    /// Bytes from which on content is compressed: below that, head and all fit into one packet anyway.
    static let worthCompressing = 1_024

    init(_ plain: ByteBuffer) {
        self.plain = plain
    }

    var isWorthCompressing: Bool { plain.readableBytes >= Self.worthCompressing }

    /// Nil as long as nobody has compressed it.
    var gzip: ByteBuffer? {
        coded.withLock { coded in
            switch coded {
            case .done(let bytes): bytes
            case .notYet, .failed: nil
            }
        }
    }

    /// Whether nothing is left to be done before this can be sent with `coding`.
    func isReady(for coding: Coding) -> Bool {
        guard coding == .gzip, isWorthCompressing else { return true }
        return coded.withLock { coded in
            switch coded {
            case .notYet: false
            case .done, .failed: true
            }
        }
    }

    /// Compresses it unless that was done before. Takes about 15 ms for a megabyte, so not on an event loop.
    func compress() {
        guard !isReady(for: .gzip) else { return }
        let result = Gzip.compress(plain)
        coded.withLock { $0 = result.map(Coded.done) ?? .failed }
    }

    /// What to send to somebody who takes `coding`, and in which coding that is.
    func bytes(for coding: Coding) -> (ByteBuffer, Coding) {
        if coding == .gzip, let gzip { return (gzip, .gzip) }
        return (plain, .identity)
    }

    /// Bytes that this keeps.
    var bytes: Int { plain.readableBytes + (gzip?.readableBytes ?? 0) }
}

/// Content codings (RFC 9110 §8.4.1).
enum Coding: Hashable, Sendable {
    case identity
    case gzip
}
