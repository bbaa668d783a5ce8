// Reads a request's body into memory, within the route's limit and within what all bodies together may take.

import HTTPTypes
import HummingbirdCore
package import NIOCore
import NIOHTTP1
import Synchronization

extension Call {
    /// The whole body.
    ///
    /// - Parameters:
    ///   - limit: Bytes. A larger announced length is refused before anything is read.
    ///   - tooLarge: What to throw then; gets a member `limit`.
    ///
    /// Throws also ``ProblemKind/requestTimeout``, ``ProblemKind/malformedRequest`` if the body ends early, and
    /// ``ProblemKind/overloaded`` if too many bodies are in memory.
    package func body(upTo limit: Int, orThrow tooLarge: Problem) async throws -> ByteBuffer {
        let announced = headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= limit else { throw tooLarge.with("limit", limit) }
        try lease.reserve(announced ?? 0)
        if headers.contains(.expect) {
            // The peer waits for this line before it sends anything.
            context.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
        }
        var body = ByteBuffer()
        body.reserveCapacity(announced ?? 0)
        do {
            for try await var part in request.body {
                guard body.readableBytes + part.readableBytes <= limit else { throw tooLarge.with("limit", limit) }
                if announced == nil { try lease.reserve(part.readableBytes) }
                body.writeBuffer(&part)
            }
        } catch is BodyDeadlinePassed {
            throw Problem(.requestTimeout, "The body was not complete in time.")
        } catch is HTTPParserError {
            throw Problem(.malformedRequest, "The body does not follow HTTP/1.1, or ended early.")
        }
        // The stream ends quietly when the connection does.
        guard announced.map({ $0 == body.readableBytes }) ?? true else {
            throw Problem(.malformedRequest, "The body ended after \(body.readableBytes) of \(announced ?? 0) bytes.")
        }
        return body
    }
}

/// One request's part of the budget, given back when the request is over.
final class BodyLease: Sendable {
    private let budget: BodyBudget
    private let taken = Mutex(0)

    init(_ budget: BodyBudget) { self.budget = budget }

    deinit { budget.giveBack(taken.withLock { $0 }) }

    func reserve(_ bytes: Int) throws(Problem) {
        guard budget.take(bytes) else {
            throw Problem(.overloaded, "Too many large requests are being worked on.").retry(after: .seconds(1))
        }
        taken.withLock { $0 += bytes }
    }
}
