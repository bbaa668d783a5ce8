// A client that sends and receives bytes, so that tests can be as rude as the peers they stand for.

import Glibc
import NIOCore
import NIOPosix

struct RawResponse {
    let status: Int
    /// Names in lower case; of a field that is there twice, both values with a comma between.
    let headers: [String: String]
    let body: String
}

struct RawConnectionError: Error, CustomStringConvertible {
    let description: String
}

/// One connection. Bytes that have arrived and are not used yet are kept.
final class RawConnection {
    private let channel: any Channel
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var pending = ""

    /// Opens a connection for as long as the body runs.
    ///
    /// - Parameter readBytes: What is read at a time, if little is to be taken from the peer ahead of who wants it.
    static func with<Value>(
        _ address: SocketAddress, readBytes: Int? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (RawConnection) async throws -> Value
    ) async throws -> Value {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let readBytes {
            bootstrap =
                bootstrap
                .channelOption(.socketOption(.so_rcvbuf), value: 4 * readBytes)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readBytes))
        }
        let client =
            try await bootstrap
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await client.executeThenClose { inbound, outbound in
            try await body(RawConnection(client.channel, inbound.makeAsyncIterator(), outbound))
        }
    }

    private init(
        _ channel: any Channel, _ iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.iterator = iterator
        self.outbound = outbound
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Lines are divided by `\n` here and by CRLF on the wire.
    func send(lines: String, body: String = "") async throws {
        try await send(lines.replacing("\n", with: "\r\n") + "\r\n\r\n" + body)
    }

    /// Sends the same again and again, and reads nothing, until the server closes.
    ///
    /// - Returns: how often; `times` if the server takes it all, nil if it neither closes nor goes on reading within the limit.
    func send(_ text: String, times: Int, within limit: Duration) async throws -> Int? {
        try await withThrowingTaskGroup(of: Int?.self) { [outbound] group in
            group.addTask {
                for count in 0..<times {
                    do { try await outbound.write(ByteBuffer(string: text)) } catch {
                        return Task.isCancelled ? nil : count
                    }
                }
                return times
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Ends the sending side.
    func finish() { outbound.finish() }

    /// Ends the connection without saying so in the proper way.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    /// Closes both ways.
    func close() async throws { try await channel.close() }

    /// Everything through some text.
    func text(through end: String) async throws -> String {
        while true {
            if let range = pending.firstRange(of: end) {
                defer { pending = String(pending[range.upperBound...]) }
                return String(pending[..<range.lowerBound])
            }
            guard try await more() else { throw RawConnectionError(description: "closed after “\(pending)”") }
        }
    }

    func response(toHead: Bool = false) async throws -> RawResponse {
        let head = try await text(through: "\r\n\r\n").split(separator: "\r\n")
        guard let first = head.first, let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else {
            throw RawConnectionError(description: "no status line in \(head)")
        }
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            let value = halves.count > 1 ? String(halves[1].drop { $0 == " " }) : ""
            headers[halves[0].lowercased(), default: ""] += (headers[halves[0].lowercased()] == nil ? "" : ", ") + value
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let body = toHead || status < 200 ? "" : try await text(bytes: length)
        return RawResponse(status: status, headers: headers, body: body)
    }

    /// What a server may take to close, on a machine with other things to do.
    private static let patience = TimeAmount.seconds(20)

    /// Everything until the server closes. Throws if it does not.
    func rest() async throws -> String {
        let alarm = channel.eventLoop.scheduleTask(in: Self.patience) { [channel] in channel.close(promise: nil) }
        while try await more() {}
        alarm.cancel()
        guard (try? await alarm.futureResult.get()) == nil else {
            throw RawConnectionError(description: "not closed after “\(pending)”")
        }
        defer { pending = "" }
        return pending
    }

    /// Reads a little at a time until the server closes, or for so long.
    ///
    /// - Returns: Bytes.
    func count(pausing pause: Duration, for time: Duration) async throws -> Int {
        let end = ContinuousClock.now + time
        var count = pending.utf8.count
        pending = ""
        while ContinuousClock.now < end, try await more() {
            count += pending.utf8.count
            pending = ""
            try await Task.sleep(for: pause)
        }
        return count
    }

    /// Everything, while sending a little every now and then.
    func rest(whileSending text: String, every pause: Duration) async throws -> String {
        let drip = Task { [outbound] in
            while !Task.isCancelled {
                try await outbound.write(ByteBuffer(string: text))
                try await Task.sleep(for: pause)
            }
        }
        defer { drip.cancel() }
        return try await rest()
    }

    private func text(bytes: Int) async throws -> String {
        while pending.utf8.count < bytes {
            guard try await more() else { throw RawConnectionError(description: "closed within a body: “\(pending)”") }
        }
        let end = pending.utf8.index(pending.startIndex, offsetBy: bytes)
        defer { pending = String(pending[end...]) }
        return String(pending[..<end])
    }

    private func more() async throws -> Bool {
        do {
            guard let bytes = try await iterator.next() else { return false }
            pending += String(buffer: bytes)
            return true
        } catch is IOError {
            // Reset by the server, which is an end too.
            return false
        }
    }
}
