import Foundation
import TestSupport

/// A TCP connection of blocking calls, which sends exactly the pieces that it is given and reads to the very end.
final class WireConnection {
    private let descriptor: Int32
    private(set) var received: [UInt8] = []
    /// The server has closed its side, in whichever way.
    private(set) var hasEnded = false

    /// Room for the answer of several large states: nobody reads while sending.
    static let receiveBuffer: Int32 = 4 << 20

    /// - Parameter receiveBuffer: bytes that come before they are read; small for a client that is to be slow.
    init(port: Int, receiveBuffer: Int32 = WireConnection.receiveBuffer) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError("No socket.") }
        var yes: Int32 = 1
        var room = receiveBuffer
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The object is whole by now, so `deinit` closes the descriptor.
        guard result == 0 else { throw TestSupportError("No connection to port \(port).") }
    }

    deinit { close(descriptor) }

    /// Sends one piece by itself. A server that has closed gets no more.
    func send(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Has the end of this object break the connection off (RST) rather than close it, as a program that crashes may.
    func breakOff() {
        var limit = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &limit, socklen_t(MemoryLayout<linger>.size))
    }

    /// Lets go of what was read.
    func forget() { received = [] }

    /// Ends the sending side.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until `isDone`, the end, or the deadline.
    func read(until deadline: ContinuousClock.Instant, _ isDone: ([UInt8]) -> Bool = { _ in false }) {
        while !hasEnded, !isDone(received) {
            let left = deadline - .now
            guard left > .zero else { return }
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            guard unsafe poll(&event, 1, Int32(clamping: milliseconds)) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 { received += chunk.prefix(count) } else { hasEnded = true }
        }
    }
}
