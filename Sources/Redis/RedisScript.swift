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
        _ script: RedisScript, keys: RedisArguments, arguments: RedisArguments
    ) async throws(RedisError) -> RESPValue {
        if let digest = script.knownDigest {
            do {
                return try await send(.evaluation(of: digest, keys: keys, arguments: arguments))
            } catch let error where error.isUnknownScript {
                // Goes on below.
            }
        }
        let digest = try script.keep(digestFrom: try await send(script.loadCommand))
        return try await send(.evaluation(of: digest, keys: keys, arguments: arguments))
    }

    /// As `evaluate`, for callers on this connection's event loop only, with neither task nor future. A script that the server does
    /// not know is not loaded: `receive` gets the error of which `isUnknownScript` is true, and nothing was executed.
    package func evaluate(
        _ script: RedisScript, keys: RedisArguments, arguments: RedisArguments,
        receive: @escaping (Result<RESPValue, RedisError>) -> Void
    ) {
        guard let digest = script.knownDigest else {
            return receive(.failure(.refused(.unknownScript, address)))
        }
        send(.evaluation(of: digest, keys: keys, arguments: arguments), receive: receive)
    }
}

extension RedisError {
    /// The server does not know the script that was to be run by its digest.
    package var isUnknownScript: Bool {
        guard case .refused(let reply, _) = self else { return false }
        return reply.code == RedisErrorReply.unknownScript.code
    }
}

extension RedisErrorReply {
    fileprivate static let unknownScript = RedisErrorReply(message: "NOSCRIPT The script was not loaded yet.")
}

extension RedisCommand {
    fileprivate static func evaluation(
        of digest: String, keys: RedisArguments, arguments: RedisArguments
    ) -> RedisCommand {
        var command: RedisArguments = ["EVALSHA", .string(digest), .integer(Int64(keys.count))]
        command.append(keys)
        command.append(arguments)
        return RedisCommand(command)
    }
}
