// Answers a request that the HTTP decoder has read: the router finds the route, and what the route answers is written.

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

struct Responder: Sendable {
    let router: RouterResponder<HTTPContext>
    let logger: Logger
    let date = DateClock()

    func respond(to request: Request, _ writer: consuming ResponseWriter, on channel: any Channel) async throws {
        var logger = logger
        logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
        let context = HTTPContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        // The router's middleware turns every error into a problem.
        var response = try await router.respond(to: request, context: context)
        response.headers[.date] = date.now
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
            // Whoever catches it would answer a second time.
            throw AnswerCutShort()
        }
    }
}

/// The request's body turned out malformed in the midst of its answer.
struct AnswerCutShort: Error {}
