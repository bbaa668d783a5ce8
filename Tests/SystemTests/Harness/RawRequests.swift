import NIOCore
import NIOPosix
import SystemSupport
import TestSupport

/// Requests as bytes, for what no decent client would send.
extension DaemonProcess {
    /// Sends the bytes on a connection of its own and gives all that comes back until the server closes, or until a
    /// whole answer with `Content-Length` has come.
    func raw(_ bytes: [UInt8], within limit: Duration = .seconds(20)) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await channel.executeThenClose { inbound, outbound in
                    // A server may answer and close before it has read everything.
                    async let _: Void = { try? await outbound.write(ByteBuffer(bytes: bytes)) }()
                    var received = ""
                    do {
                        for try await part in inbound {
                            received += String(buffer: part)
                            if Self.isWhole(received) { break }
                        }
                    } catch is IOError {
                        // Reset by the server, which is an end too.
                    }
                    return received
                }
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let received = try await group.next() ?? nil else {
                throw TestSupportError("No answer within \(limit).")
            }
            return received
        }
    }

    /// A request with this first line, a Host, and these further lines.
    func raw(_ line: String, _ headers: [String] = [], body: String = "") async throws -> String {
        let head = ([line, "Host: localhost"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
        return try await raw(Array(head.utf8) + Array(body.utf8))
    }

    private static func isWhole(_ received: String) -> Bool {
        guard let end = received.firstRange(of: "\r\n\r\n"), received.hasPrefix("HTTP/1.1 ") else { return false }
        guard let length = received[..<end.lowerBound].lowercased().firstMatch(of: /content-length: (\d+)/) else {
            return false
        }
        return received[end.upperBound...].utf8.count >= Int(length.1) ?? 0
    }
}
