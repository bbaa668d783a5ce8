// From a host's name to its addresses. What is done with them is for others to decide.

import Glibc
import NIOCore
import NIOPosix
package import Webhooks

package protocol Resolver: Sendable {
    /// All addresses of a name, in the order in which they should be tried; empty if it has none.
    func addresses(of name: String) async throws -> [IPAddress]

    func shutdown() async
}

/// The system's resolver, which blocks, and so on threads of its own.
package final class SystemResolver: Resolver {
    private let threads: NIOThreadPool

    /// Names that are looked up at the same time: one that hangs takes a thread for as long as the system's resolver tries.
    private static let threadCount = 32

    package init() {
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
    }

    package func shutdown() async { try? await threads.shutdownGracefully() }

    package func addresses(of name: String) async throws -> [IPAddress] {
        try await threads.runIfActive { Self.lookUp(name) }
    }

    private static func lookUp(_ name: String) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_family = AF_UNSPEC
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var found: [IPAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee), !found.contains(address) { found.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        guard
            unsafe getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        // A zone belongs to addresses that are of one link only.
        return IPAddress(String(decoding: text.prefix { $0 != 0 && $0 != 0x25 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
