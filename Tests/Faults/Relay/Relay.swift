import NIOCore
import NIOPosix
import Synchronization

/// Stands on a unix socket of its own in front of a server's socket, and passes on what comes, unless there is trouble.
final class Relay: Sendable {
    let path: String
    let trouble = Trouble()
    private let connections = Connections()
    private let listener: any Channel

    enum Server: Sendable {
        /// The scripts that are loaded into it may be changed on the way.
        case redis(Mutant?)
        case memcached
    }

    init(at path: String, to server: String, _ kind: Server, on group: any EventLoopGroup) async throws {
        let (commands, replies): (RelayHandler.Traffic, RelayHandler.Traffic) =
            switch kind {
            case .redis(let mutant): (mutant.map { .commands($0) } ?? .bytes, .replies)
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
    func cut() { connections.closeAll() }

    func close() async {
        try? await listener.close().get()
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
