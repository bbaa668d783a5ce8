import Logging
import NIOCore

/// What is said on a new connection before anybody may use it: log in, choose the database, give a name, ask who is
/// there. All of it goes out at once and is judged on the event loop, so that it does not depend on how busy the rest
/// of the program is.
///
/// HELLO is not used: hiredis 0.14 reads RESP2 only, which is what a connection starts with. PING is there because a
/// server that is still loading answers INFO and nothing else.
enum Handshake {
    /// The future fails with `RedisError` only.
    static func perform(
        on channel: CommandChannel, _ configuration: RedisConfiguration, logger: Logger
    ) -> EventLoopFuture<RedisServerIdentity> {
        let address = configuration.address
        var steps: [EventLoopFuture<RESPValue>] = []
        if let login = logIn(to: channel, address) { steps.append(login) }
        if address.database != 0 {
            steps.append(channel.submit(RedisCommand("SELECT", .integer(Int64(address.database)))))
        }
        steps.append(channel.submit(RedisCommand("PING")))
        steps.append(channel.submit(RedisCommand("CLIENT", "SETNAME", .string(configuration.clientName))))
        let identity = identify(channel)
        let needsFreshFile = FreshFile.ask(channel)
        // The first step that failed says why; what came after it failed for the same reason.
        return EventLoopFuture.andAllSucceed(steps, on: channel.eventLoop).flatMap { identity }.flatMap { server in
            needsFreshFile.flatMap { isNeeded in
                guard isNeeded else { return channel.eventLoop.makeSucceededFuture(server) }
                return FreshFile.begin(on: channel, logger: logger).map { server }
            }
        }
    }

    /// nil if the address has no password.
    static func logIn(to channel: CommandChannel, _ address: RedisAddress) -> EventLoopFuture<RESPValue>? {
        guard let password = address.password else { return nil }
        let credentials = [address.user, password].compactMap { $0.map(RedisArgument.string) }
        return channel.submit(RedisCommand("AUTH", credentials)).flatMapErrorThrowing { error in
            // A server that has no password answers AUTH with ERR.
            guard case RedisError.refused(let reply, let address) = error else { throw error }
            throw RedisError.authenticationFailed(address, reason: reply.message)
        }
    }

    /// Asks a server who it is. Fails with `notPrimary` if it is a replica.
    static func identify(_ channel: CommandChannel) -> EventLoopFuture<RedisServerIdentity> {
        ask(channel).flatMapThrowing { identity in
            guard identity.role == .primary else {
                throw RedisError.notPrimary(channel.address, reason: "it is a replica")
            }
            return identity
        }
    }

    /// Asks a server who it is, whatever its role.
    static func ask(_ channel: CommandChannel) -> EventLoopFuture<RedisServerIdentity> {
        let server = channel.submit(RedisCommand("INFO", "server"))
        let replication = channel.submit(RedisCommand("INFO", "replication"))
        return server.and(replication).flatMapThrowing { server, replication in
            try RedisServerIdentity(server: server, replication: replication)
        }
    }
}
