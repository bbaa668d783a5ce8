// A listening socket that somebody else has opened and keeps open, as systemd does for a socket unit (sd_listen_fds(3)): connections that
// come while this program is restarted wait in it instead of being refused, and several daemons may accept from one.

import Glibc
import HTTPService

struct InheritedSocket: Sendable {
    let descriptor: CInt
    let address: HTTPServer.Address

    /// The first descriptor that is handed over: SD_LISTEN_FDS_START.
    private static let first: CInt = 3

    /// Nil if none is meant for this process.
    init?(environment: [String: String], processID: Int = Int(getpid())) throws(DaemonFailure) {
        // The variables are inherited; they count for the process they name.
        guard let count = environment["LISTEN_FDS"], environment["LISTEN_PID"] == String(processID) else { return nil }
        guard count == "1" else {
            throw .configuration(
                "systemd hands over \(count) sockets (LISTEN_FDS); this program listens on one. Give its socket unit one Listen line."
            )
        }
        guard let address = HTTPServer.Address(listeningSocket: Self.first) else {
            throw .configuration(
                "The socket that was handed over (LISTEN_FDS) does not listen, or is neither TCP nor a unix socket. Use ListenStream= in its socket unit."
            )
        }
        // Nobody that this process may ever start is to have it.
        _ = fcntl(Self.first, F_SETFD, FD_CLOEXEC)
        descriptor = Self.first
        self.address = address
    }
}

extension HTTPServer.Address {
    /// Nil if the descriptor is not a listening stream socket of a kind that is known here.
    init?(listeningSocket descriptor: CInt) {
        var listens: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0, listens == 1 else {
            return nil
        }
        var storage = sockaddr_storage()
        size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        guard found == 0 else { return nil }
        switch CInt(storage.ss_family) {
        case AF_INET, AF_INET6:
            var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
            let named = unsafe withUnsafePointer(to: &storage) { storage in
                unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getnameinfo(
                        $0, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
                        NI_NUMERICHOST | NI_NUMERICSERV)
                }
            }
            guard named == 0, let port = Int(Self.text(service)) else { return nil }
            self = .host(Self.text(host), port: port)
        case AF_UNIX:
            let prefix = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: sockaddr_un().sun_path)
            let path = unsafe withUnsafeBytes(of: &storage) { unsafe Array($0[prefix..<max(prefix, Int(size))]) }
            self = .unix(path: String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
        default: return nil
        }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
