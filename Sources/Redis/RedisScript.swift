package import NIOCore
import Synchronization

/// A Lua script that is run by its digest.
///
/// The digest is what the server answers to SCRIPT LOAD. It depends on the source alone, so it is asked for once per
/// process, whatever the connection.
package final class RedisScript: Sendable {
    /// For messages.
    package let name: String
    package let source: String
    private let digest = Mutex<String?>(nil)

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    fileprivate var loadCommand: RedisCommand { RedisCommand("SCRIPT", "LOAD", .string(source)) }

    fileprivate var knownDigest: String? { digest.withLock { $0 } }

    fileprivate func keep(digestFrom reply: RESPValue) throws(RedisError) -> String {
        guard let digest = reply.string, digest.utf8.count == 40 else {
            throw .unexpectedReply("SCRIPT LOAD of \(name) did not answer a digest")
        }
        self.digest.withLock { $0 = digest }
        return digest
    }
}

extension RedisConnection {
    /// Runs the script. If the server does not know it (it was restarted, or SCRIPT FLUSH was called), the script is
    /// loaded and run once more: NOSCRIPT means that nothing was executed.
    package func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) async throws(RedisError) -> RESPValue {
        if let digest = script.knownDigest {
            do {
                return try await send(.evaluation(of: digest, keys: keys, arguments: arguments))
            } catch .refused(let reply, _) where reply.code == "NOSCRIPT" {
                // Goes on below.
            }
        }
        let digest = try script.keep(digestFrom: try await send(script.loadCommand))
        return try await send(.evaluation(of: digest, keys: keys, arguments: arguments))
    }

    /// As `evaluate`, for callers on an event loop. The future belongs to this connection's loop and fails with
    /// `RedisError` only.
    package func submit(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> EventLoopFuture<RESPValue> {
        guard let digest = script.knownDigest else { return loadAndSubmit(script, keys: keys, arguments: arguments) }
        return submit(.evaluation(of: digest, keys: keys, arguments: arguments)).flatMapError { error in
            guard case RedisError.refused(let reply, _) = error, reply.code == "NOSCRIPT" else {
                return self.eventLoop.makeFailedFuture(error)
            }
            return self.loadAndSubmit(script, keys: keys, arguments: arguments)
        }
    }

    private func loadAndSubmit(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> EventLoopFuture<RESPValue> {
        submit(script.loadCommand)
            .flatMapThrowing { try script.keep(digestFrom: $0) }
            .flatMap { self.submit(.evaluation(of: $0, keys: keys, arguments: arguments)) }
    }
}

extension RedisCommand {
    fileprivate static func evaluation(
        of digest: String, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> RedisCommand {
        RedisCommand("EVALSHA", [.string(digest), .integer(Int64(keys.count))] + keys + arguments)
    }
}
