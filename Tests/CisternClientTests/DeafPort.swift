// A port where nobody listens and that nobody else can take: it is bound for as long as this lives.

import Foundation
import TestSupport

final class DeafPort: Sendable {
    private let descriptor: Int32
    let url: String

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let bound = unsafe bind(descriptor, pointer, size)
                return bound == 0 ? unsafe getsockname(descriptor, pointer, &size) : bound
            }
        }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        guard result == 0 else { throw TestSupportError("no port: \(unsafe String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }
}
