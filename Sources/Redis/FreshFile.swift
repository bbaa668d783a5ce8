import Logging
import NIOCore

/// Has a server that keeps an append-only file begin a new one before anybody writes in this life of it.
///
/// A power cut may tear the file inside of a script's effects, which stand there between MULTI and EXEC. At the next start Redis (7, and
/// Valkey until its change 4342) cuts the file behind the last whole command and leaves the transaction open: none of it is applied, but
/// whatever is written next becomes a part of it, and the start after that applies half of the script. Nothing that can be asked tells that a file
/// was torn. A rewrite writes down what is in memory and puts everything that follows into another file, so each life begins with one.
enum FreshFile {
    /// To be asked together with the other questions of a handshake.
    static func ask(_ channel: CommandChannel) -> EventLoopFuture<Bool> {
        channel.submit(RedisCommand("INFO", "persistence")).map { isMissing(in: $0.string ?? "") }
    }

    /// Whether there is an append-only file, and no rewrite was begun since the server started.
    static func isMissing(in persistence: String) -> Bool {
        let lines = persistence.split(whereSeparator: \.isNewline)
        // -1 stands for no rewrite so far.
        return lines.contains("aof_enabled:1") && lines.contains("aof_last_rewrite_time_sec:-1")
            && lines.contains("aof_rewrite_in_progress:0")
    }

    /// Asks for the rewrite. When the reply is there, commands go into the new file. Servers that do not let us go on as they are: who runs them
    /// sees to their files.
    static func begin(on channel: CommandChannel, logger: Logger) -> EventLoopFuture<Void> {
        channel.submit(RedisCommand("BGREWRITEAOF")).map { _ in }.flatMapErrorThrowing { error in
            guard case RedisError.refused(let reply, _) = error else { throw error }
            // Another connection may have been first.
            guard !reply.message.contains("in progress") else { return }
            logger.warning(
                "Redis has not begun a new append-only file: let this user call BGREWRITEAOF, or run redis-check-aof --fix after a power cut",
                metadata: ["reply": "\(reply.message)"])
        }
    }
}
