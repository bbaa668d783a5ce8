// From a host's name to its addresses. What is done with them is for others to decide.

import Glibc
package import NIOCore
import NIOPosix
import Synchronization
package import Webhooks

package protocol Resolver: Sendable {
    /// All addresses of a name, in the order in which they should be tried; empty if it has none.
    func addresses(of name: String) async throws -> [IPAddress]

    func shutdown() async
}

/// The system's resolver, which blocks, and so on threads of its own. It asks for a name once at a time: whoever wants it meanwhile gets the
/// same answer, so that a name server that hangs takes a thread for each of its names and no more.
package final class SystemResolver: Resolver {
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private let asked = Mutex<[String: EventLoopFuture<[IPAddress]>]>([:])

    /// Names that are looked up at the same time.
    private static let threadCount = 32
    /// Whoever waits is answered by then; the system's resolver may try for longer.
    private static let limit: TimeAmount = .seconds(5)

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
    }

    package func shutdown() async { try? await threads.shutdownGracefully() }

    package func addresses(of name: String) async throws -> [IPAddress] { try await answer(name).get() }

    private func answer(_ name: String) -> EventLoopFuture<[IPAddress]> {
        asked.withLock { asked in
            if let answer = asked[name] { return answer }
            let promise = eventLoop.makePromise(of: [IPAddress].self)
            asked[name] = promise.futureResult
            // What comes second is passed over.
            let bound = eventLoop.scheduleTask(in: Self.limit) { promise.succeed([]) }
            threads.submit { [self] state in
                let found = if case .active = state { Self.lookUp(name) } else { [IPAddress]() }
                bound.cancel()
                self.asked.withLock { $0[name] = nil }
                promise.succeed(found)
            }
            return promise.futureResult
        }
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
        return IPAddress(
            String(decoding: text.prefix { $0 != 0 && $0 != 0x25 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
