import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import Daemon

/// The other end of systemd's notifications: a datagram socket of the test's own.
private final class Supervisor {
    private let descriptor: Int32

    /// - Parameter name: A path, or `@` and a name.
    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (bytes.first == 0 ? 0 : 1))
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        try #require(result == 0, "bind \(name): \(errno)")
    }

    deinit { close(descriptor) }

    /// The next datagram; waits up to ten seconds.
    func next() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        try #require(count > 0, "no datagram: \(errno)")
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite("systemd", .timeLimit(.minutes(1)))
struct SystemdTests {
    private static let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)

    @Test(
        "Notifications arrive at a path and at an abstract name",
        arguments: ["/tmp/cistern-notify-\(unique).sock", "@cistern-notify-\(unique)"])
    func sockets(name: String) throws {
        let supervisor = try Supervisor(name)
        defer { if name.hasPrefix("/") { unsafe unlink(name) } }
        let socket = try #require(NotifySocket(environment: ["NOTIFY_SOCKET": name]))
        #expect(socket.send("READY=1\n"))
        #expect(try supervisor.next() == "READY=1\n")
    }

    @Test(
        "What is no address of a socket is none",
        arguments: ["", "/", "@", "relative", String(repeating: "/x", count: 60)])
    func noSocket(name: String) { #expect(NotifySocket(environment: ["NOTIFY_SOCKET": name]) == nil) }

    @Test("Nobody listening is no error")
    func nobody() throws {
        let socket = try #require(NotifySocket(environment: ["NOTIFY_SOCKET": "/tmp/cistern-nobody.sock"]))
        #expect(!socket.send("READY=1\n"))
    }

    @Test("Signs of life come at half the time that systemd waits, if they are meant for this process")
    func watchdog() {
        #expect(SystemdService.watchdogInterval(["WATCHDOG_USEC": "3000000"], processID: 7) == .milliseconds(1_500))
        #expect(
            SystemdService.watchdogInterval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"], processID: 7)
                == .milliseconds(1_500))
        #expect(
            SystemdService.watchdogInterval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"], processID: 7) == nil)
        #expect(SystemdService.watchdogInterval(["WATCHDOG_USEC": "0"], processID: 7) == nil)
        #expect(SystemdService.watchdogInterval([:], processID: 7) == nil)
    }

    @Test("A service is ready, alive, and at last stopping")
    func life() async throws {
        let name = "@cistern-life-\(Self.unique)"
        let supervisor = try Supervisor(name)
        let service = SystemdService(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000"])
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        service.ready("Listening\nMAINPID=1")
        #expect(try supervisor.next() == "READY=1\nSTATUS=Listening MAINPID=1\n")
        async let running: Void = group.run()
        #expect(try supervisor.next() == "WATCHDOG=1\n")
        #expect(try supervisor.next() == "WATCHDOG=1\n")
        await group.triggerGracefulShutdown()
        var last = try supervisor.next()
        while last == "WATCHDOG=1\n" { last = try supervisor.next() }
        #expect(last == "STOPPING=1\n")
        try await running
    }
}
