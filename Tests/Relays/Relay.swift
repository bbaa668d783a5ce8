package import NIOCore
import NIOPosix
import Synchronization

/// Stands on a unix socket of its own in front of a server's socket, and passes on what comes, unless there is trouble.
package final class Relay: Sendable {
    package let path: String
    package let trouble = Trouble()
    private let connections = Connections()
    private let listener: any Channel

    package enum Server: Sendable {
        /// The scripts that are loaded into it may be changed on the way.
        case redis(Mutant?)
        case memcached
    }

    package init(at path: String, to server: String, _ kind: Server, on group: any EventLoopGroup) async throws {
        let (commands, replies): (RelayHandler.Traffic, RelayHandler.Traffic) =
            switch kind {
            case .redis(nil): (.bytes, .replies(nil))
            case .redis(.some(let mutant)):
                { (.commands($0), .replies($0)) }(ScriptExchange(mutant))
            case .memcached: (.bytes, .bytes)
            }
        self.path = path
        listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { [trouble, connections] client in
                connections.add(client)
                // Neither server speaks first, so nothing is read before the handlers are there.
                return ClientBootstrap(group: client.eventLoop).connect(unixDomainSocketPath: server)
                    .flatMapThrowing { server in
                        connections.add(server)
                        try server.pipeline.syncOperations.addHandler(
                            RelayHandler(to: client, trouble: trouble, traffic: replies))
                        try client.pipeline.syncOperations.addHandler(
                            RelayHandler(to: server, trouble: trouble, traffic: commands))
                    }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

    /// Closes every connection that there is.
    package func cut() { connections.closeAll() }

    package func close() {
        listener.close(promise: nil)
        cut()
    }
}

/// The open channels of a relay.
private final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    func add(_ channel: any Channel) {
        let name = ObjectIdentifier(channel)
        open.withLock { $0[name] = channel }
        channel.closeFuture.whenComplete { [self] _ in
            open.withLock { _ = $0.removeValue(forKey: name) }
        }
    }

    func closeAll() {
        for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
