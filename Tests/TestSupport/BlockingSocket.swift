import Foundation

/// Where a server of a test listens.
package enum Endpoint: Sendable, Hashable {
    case unixSocket(path: String)
    case loopback(port: Int)
}

/// A blocking stream socket with a time-out: enough to ask a test's server something without the code that is being
/// tested.
final class BlockingSocket {
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(to endpoint: Endpoint, timeout: Duration) throws {
        let family = if case .unixSocket = endpoint { AF_UNIX } else { AF_INET }
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError("socket: \(Self.lastError)") }
        var limit = timeval(
            tv_sec: Int(timeout.components.seconds),
            tv_usec: Int(timeout.components.attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        let result =
            switch endpoint {
            case .unixSocket(let path): Self.connect(descriptor, path: path)
            case .loopback(let port): Self.connect(descriptor, port: port)
            }
        guard result == 0 else {
            // The object is whole by now, so `deinit` closes the descriptor.
            throw TestSupportError("connect to \(endpoint): \(Self.lastError)")
        }
    }

    deinit { close(descriptor) }

    private static var lastError: String { unsafe String(cString: strerror(errno)) }

    private static func connect(_ descriptor: Int32, path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            unsafe target.copyBytes(from: path.utf8.prefix(target.count - 1))
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func connect(_ descriptor: Int32, port: Int) -> Int32 {
        var address = loopback(port: port)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestSupportError("write: \(Self.lastError)") }
            sent += count
        }
    }

    func readLine() throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end].filter { $0 != UInt8(ascii: "\r") }
                pending.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            try readMore()
        }
    }

    func read(exactly count: Int) throws -> [UInt8] {
        while pending.count < count { try readMore() }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    private func readMore() throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else {
            throw TestSupportError(count == 0 ? "The server closed the connection." : "read: \(Self.lastError)")
        }
        pending.append(contentsOf: chunk.prefix(count))
    }
}

/// A loopback port that was free a moment ago.
package func freeLoopbackPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
        }
    }
    guard result else { throw TestSupportError("No free loopback port was found.") }
    return Int(UInt16(bigEndian: address.sin_port))
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}
