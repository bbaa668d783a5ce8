// The ordinary way of a request: HTTP decoder, router, route. It is put behind a connection's front when the first request needs it,
// and then run by a task of the server.

import HummingbirdCore
import Logging
import NIOCore

struct HTTPPipeline: Sendable {
    let channel: GuardedHTTP1Channel
    let logger: Logger
    /// Connections whose pipeline has just been built. As many as there are connections, at most.
    let built: AsyncStream<HTTP1Channel.Value>.Continuation

    func build(in channel: any Channel, behind front: ConnectionFront) {
        let built = built
        self.channel.setup(channel: channel, behind: front, logger: logger).whenComplete { result in
            switch result {
            case .success(let value):
                guard case .terminated = built.yield(value) else { break }
                // The server has just been cancelled, and nobody will run this one; it has to be ended all the same.
                Task { try await value.executeThenClose { _, _ in } }
            case .failure: channel.close(promise: nil)
            }
        }
    }
}
