// Standard input, line by line or whole, in a way that can be stopped at any moment.

import Glibc
import NIOPosix

struct StandardInput: Sendable {
    /// Bytes that are read at once.
    private static let pieceBytes = 256 << 10
    /// Milliseconds after which a read that waits looks whether it is to stop.
    private static let pollTime: Int32 = 100

    private var splitter = LineSplitter(source: "standard input")
    private var lines: ArraySlice<(number: Int, line: ArraySlice<UInt8>)> = []
    private var isAtEnd = false

    /// The next line that is not empty; nil at the end, and when the task is cancelled.
    mutating func next() async throws -> (number: Int, line: ArraySlice<UInt8>)? {
        while lines.isEmpty, !isAtEnd {
            guard let piece = try await Self.read() else { return nil }
            isAtEnd = piece.isEmpty
            lines = try (isAtEnd ? splitter.finish() : splitter.take(piece))[...]
        }
        return lines.popFirst()
    }

    /// All of it, that is not lines.
    static func whole(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await read(), !piece.isEmpty {
            bytes += piece
            guard bytes.count <= limit else {
                throw Failure(.data, "Standard input has more than \(Wording.bytes(limit)).")
            }
        }
        return bytes
    }

    /// - Returns: what is there; nothing at the end; nil if the task was cancelled.
    private static func read() async throws -> [UInt8]? {
        while !Task.isCancelled {
            let piece = try await NIOThreadPool.singleton.runIfActive { () throws -> [UInt8]? in
                var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&ready, 1, pollTime) > 0 else { return nil }
                var bytes = [UInt8](repeating: 0, count: pieceBytes)
                let count = unsafe bytes.withUnsafeMutableBytes {
                    unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
                }
                guard count >= 0 else {
                    if errno == EAGAIN || errno == EINTR { return nil }
                    throw Failure(.failed, "Standard input cannot be read: \(unsafe String(cString: strerror(errno)))")
                }
                return Array(bytes.prefix(count))
            }
            if let piece { return piece }
        }
        return nil
    }
}
