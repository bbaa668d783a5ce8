import Crypto
import NIOCore
import Synchronization

/// Exchanges scripts on the way to Redis so that the caller does not notice: it goes on with the digest of what it has loaded, which
/// other tests of the same process may use on a Redis of their own.
final class ScriptExchange: Sendable {
    private let mutant: Mutant
    /// By the digest of a script that was loaded, that of the one that took its place.
    private let digests = Mutex<[String: String]>([:])

    init(_ mutant: Mutant) { self.mutant = mutant }

    func command(_ command: ByteBuffer) -> ByteBuffer {
        if let script = command.loadedScript, let changed = mutant.changed(script) {
            digests.withLock { $0[Self.digest(of: script)] = Self.digest(of: changed) }
            return .loading(changed)
        }
        guard let place = command.digestOfEvaluation, let digest = command.getString(at: place, length: Self.length),
            let changed = digests.withLock({ $0[digest] })
        else { return command }
        var exchanged = command
        exchanged.setString(changed, at: place)
        return exchanged
    }

    func reply(_ reply: ByteBuffer) -> ByteBuffer {
        let head = "$\(Self.length)\r\n"
        guard reply.readableBytes == head.utf8.count + Self.length + 2, reply.readableBytesView.starts(with: head.utf8),
            let digest = reply.getString(at: reply.readerIndex + head.utf8.count, length: Self.length),
            let original = digests.withLock({ $0.first { $0.value == digest }?.key })
        else { return reply }
        return ByteBuffer(string: "\(head)\(original)\r\n")
    }

    /// Of a digest, in characters.
    private static let length = 40

    private static func digest(of script: String) -> String {
        let hex = "0123456789abcdef".map(String.init)
        return Insecure.SHA1.hash(data: Array(script.utf8)).map { hex[Int($0 >> 4)] + hex[Int($0 & 15)] }.joined()
    }
}

extension ByteBuffer {
    private static let loading = "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$"
    private static let evaluating = "$7\r\nEVALSHA\r\n$40\r\n"

    fileprivate static func loading(_ script: String) -> ByteBuffer {
        ByteBuffer(string: "\(loading)\(script.utf8.count)\r\n\(script)\r\n")
    }

    /// What this command loads, if it loads a script.
    fileprivate var loadedScript: String? {
        let bytes = readableBytesView
        guard bytes.starts(with: Self.loading.utf8),
            let line = bytes.dropFirst(Self.loading.utf8.count).firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return String(decoding: bytes[(line + 1)...].dropLast(2), as: UTF8.self)
    }

    /// Where the digest stands, if this is an EVALSHA.
    fileprivate var digestOfEvaluation: Int? {
        let bytes = readableBytesView
        guard let line = bytes.firstIndex(of: UInt8(ascii: "\n")),
            bytes[(line + 1)...].starts(with: Self.evaluating.utf8)
        else { return nil }
        return line + 1 + Self.evaluating.utf8.count
    }
}
