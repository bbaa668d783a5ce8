// The datagrams by which a service tells systemd how it is (sd_notify(3)): one unix socket, named in the environment.

import Glibc

/// Where to send notifications. Without systemd there is none.
struct NotifySocket: Sendable {
    /// A path, or `@` and a name in Linux' abstract namespace.
    let path: String

    /// Nil if NOTIFY_SOCKET is absent or is no address of a unix socket.
    init?(environment: [String: String]) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count > 1,
            path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else { return nil }
        self.path = path
    }

    /// Sends one datagram. Never waits: what does not fit is lost, and systemd asks again by its time-outs.
    ///
    /// - Returns: Whether it was sent.
    @discardableResult
    func send(_ message: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // An abstract name starts with a zero byte and ends with the length of the address (unix(7)).
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let terminator = name.first == 0 ? 0 : 1
        let prefix = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let size = socklen_t(prefix + name.count + terminator)
        let bytes = Array(message.utf8)
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let sent = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bytes.withUnsafeBytes {
                    unsafe sendto(descriptor, $0.baseAddress, $0.count, flags, pointer, size)
                }
            }
        }
        return sent == bytes.count
    }
}
