// Looks from outside: does a server answer on its socket, is a port free.

import Glibc
import NIOCore
import NIOPosix

enum Probe {
    /// The first line that a server on a unix socket answers to a line; nil if it does not within a second.
    static func ask(_ line: String, at socketPath: String) async -> String? {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(1))
                .connect(unixDomainSocketPath: socketPath) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    try await channel.executeThenClose { input, output in
                        try await output.write(ByteBuffer(string: line + "\r\n"))
                        var answer = ""
                        for try await piece in input {
                            answer += String(buffer: piece)
                            if let end = answer.firstIndex(where: \.isNewline) { return String(answer[..<end]) }
                        }
                        return nil
                    }
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(1))
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            return nil
        }
    }

    /// Asks until the answer begins with `expected`.
    ///
    /// - Throws: ``Failure`` if it does not within `limit`; `CancellationError`.
    static func wait(
        for name: String, line: String, at socketPath: String, expecting expected: String, within limit: Duration
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while await ask(line, at: socketPath)?.hasPrefix(expected) != true {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .failed, "\(name) does not answer within \(Wording.seconds(limit)).",
                    advice: "Its lines above say why.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Looks whether ports in a row are free.
    ///
    /// - Returns: the first; for 0 one that is free and has free ones behind it.
    static func freePorts(_ count: Int, from port: Int, host: String) async throws -> Int {
        var triesLeft = port == 0 ? mostTries : 1
        while true {
            triesLeft -= 1
            let first = try await freePort(port, host: host)
            do {
                for next in (first + 1)..<(first + count) { _ = try await freePort(next, host: host) }
                return first
            } catch  where triesLeft > 0 {
                // The system promises nothing of the ports behind the one that it gives. Another one, then.
            }
        }
    }

    /// Where a tenth of all ports is taken, all of these fail once in 10^20.
    private static let mostTries = 20

    /// Binds to a port and lets go again.
    ///
    /// - Returns: the port, or a free one for 0.
    private static func freePort(_ port: Int, host: String) async throws -> Int {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            let bound = channel.localAddress?.port ?? port
            try await channel.close()
            return bound
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure(
                .unavailable, "Port \(port) on \(host) is in use by another program.",
                advice: "Choose another with --port, or see who it is: ss -ltnp 'sport = :\(port)'")
        } catch {
            throw Failure(
                .unavailable, "Nothing can listen on \(host), port \(port): \(error)",
                advice: "Choose others with --host and --port.")
        }
    }
}
