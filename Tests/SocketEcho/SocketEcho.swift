// A server whose sockets send back what they get, at any path of the form /v1/apps/{app}/socket. It is told a port of the loopback
// address, 0 for any free one, and says which it is.

import Foundation
import HTTPService
import NIOCore
import NIOPosix
import SocketListening
import Sockets

@main
enum SocketEcho {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
        var limits = SocketLimits()
        // The largest message of Autobahn's cases.
        limits.changeBytes = 16 * 1024 * 1024
        let budget = BodyBudget(bytes: 256 * 1024 * 1024)
        let gate = SocketGate(admission: Admission(EverybodyMay()), origins: nil)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await SocketListening.start(
            on: group.next(), port: port, limits: limits, incomplete: budget
        ) { channel, loop in
            try loop.begin(in: channel, gate: gate, head: HTTPLimits()) { _ in Echo() }
        }
        // Not `print`, which keeps the line for itself if nobody looks.
        try FileHandle.standardOutput.write(contentsOf: Data("\(server.localAddress?.port ?? port)\n".utf8))
        try await server.closeFuture.get()
    }
}
