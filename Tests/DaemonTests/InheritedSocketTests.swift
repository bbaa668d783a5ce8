import Foundation
import Testing

@testable import Daemon
@testable import HTTPService

@Suite("A socket that was handed over")
struct InheritedSocketTests {
    @Test("None is taken unless it is meant for this process")
    func nothing() throws {
        let all: [[String: String]] = [
            [:], ["LISTEN_FDS": "1"], ["LISTEN_FDS": "1", "LISTEN_PID": "1"], ["LISTEN_PID": "\(getpid())"],
        ]
        for environment in all {
            #expect(try InheritedSocket(environment: environment)?.descriptor == nil)
        }
    }

    @Test("Several are refused, with what to do")
    func several() throws {
        let error = #expect(throws: DaemonFailure.self) {
            try InheritedSocket(environment: ["LISTEN_FDS": "2", "LISTEN_PID": "\(getpid())"])
        }
        #expect(error?.description.contains("one Listen line") == true)
    }

    @Test("A listening socket says its address, any other descriptor is none", arguments: [true, false])
    func address(listens: Bool) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0)
        if listens { try #require(listen(descriptor, 1) == 0) }
        let found = HTTPServer.Address(listeningSocket: descriptor)
        #expect((found != nil) == listens)
        if let found { #expect(found.isLocal && "\(found)".hasPrefix("127.0.0.1:")) }
        #expect(HTTPServer.Address(listeningSocket: 1_000_000) == nil)
    }

    @Test("A unix socket says its path")
    func unix() throws {
        let path = "/tmp/cistern-inherited-\(UInt32.random(in: 0...UInt32.max)).sock"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(descriptor)
            unsafe unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 1) == 0)
        #expect(HTTPServer.Address(listeningSocket: descriptor) == .unix(path: path))
    }
}
