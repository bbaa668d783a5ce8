// What every route can answer.

import Documents
import HTTPTypes

extension ProblemExplanation {
    static let notFound = ProblemExplanation(
        status: .notFound, title: "There is nothing at this path",
        meaning: "No route of this server has this path.",
        cause: "A missing, doubled or trailing slash, a misspelt word, or a server that plays another role: "
            + "changes are taken by change-bucket, states are served by state-poll, and cistern-front does both.",
        remedy: "Compare the path with the contract. Sending the same again does not help.",
        example: Example("No route has this path."))

    static let methodNotAllowed = ProblemExplanation(
        status: .methodNotAllowed, title: "This path does not take this method",
        meaning: "The path exists, but not with this method.",
        cause: "A PUT where only GET is taken, say, or a POST: Cistern has none.",
        remedy: "Use one of the methods that the header field Allow names.",
        example: Example("This path takes GET, HEAD."))

    static let invalidParameter = ProblemExplanation(
        status: .badRequest, title: "A parameter cannot be understood",
        meaning: "A parameter behind the question mark, or a header field, has a value that means nothing here. "
            + "It is refused rather than ignored, so that nobody gets another answer than the one they asked for.",
        cause: "A number out of its range, a parameter that is given twice, or one that does not go with another.",
        remedy: "The member “parameter” names it, and the detail says what it takes. Correct it and send again.",
        example: Example(
            "The parameter “limit” takes a whole number from 1 to 1000.", [("parameter", .string("limit"))]))

    static let internalError = ProblemExplanation(
        status: .internalServerError, title: "The server made a mistake",
        meaning: "The request was well. Something happened that the server was not made for.",
        cause:
            "A fault in the program, or an answer of Redis that no script gives. What it is stands in the server's log only.",
        remedy:
            "Sending the same again may help, and does no harm. For the operator: look for the id in “request” in the server's log.",
        example: Example(
            "The request could not be carried out. The server's log says why.",
            [("request", .string("b0f2e1d24c7a4d5e9f30"))]))

    static let notReady = ProblemExplanation(
        status: .serviceUnavailable, title: "The server cannot do its work yet",
        meaning: "The process lives, but lacks something that its work needs. Only /readyz answers this.",
        cause: "Redis does not answer, or a merge daemon that was just started has no partitions yet.",
        remedy: "“checks” says what is missing. It is looked at anew each time somebody asks, so ask again.",
        example: Example(
            "Not ready: redis.",
            [
                (
                    "checks",
                    .object([
                        (
                            "redis",
                            .object([
                                ("ready", .bool(false)),
                                ("reason", .string("No connection to 127.0.0.1:6379 within 1.0 seconds.")),
                            ])
                        )
                    ])
                )
            ], retryAfter: .seconds(1)))

    static let unauthenticated = ProblemExplanation(
        status: .unauthorized, title: "The request does not say who sends it",
        meaning: "The server has keys, and the request has no token that one of them vouches for.",
        cause:
            "The token is missing, was cut off on its way, has expired, comes from somebody else, or its key was taken away.",
        remedy: "Send a token or an API key as “Authorization: Bearer …”. The detail says what is wrong with the one "
            + "that was sent; “cistern token explain” says more.",
        example: Example(
            "The request has no token. It takes “Authorization: Bearer” and a token or an API key.",
            headers: [.wwwAuthenticate: #"Bearer realm="cistern""#]))

    static let forbidden = ProblemExplanation(
        status: .forbidden, title: "The sender may not do this",
        meaning: "The request is well, but its sender is not permitted what it asks for.",
        cause: "The token does not allow this action on this application, or not on the part of its state that "
            + "“pointer” names. Or a page of an origin that is not among the allowed ones opens a socket.",
        remedy: "Sending the same again does not help. “scope” is what it would take. For the operator: allow an "
            + "origin with --cors-origins.",
        example: Example(
            "The token does not allow push:board.", [("scope", .string("push:board"))],
            headers: [
                .wwwAuthenticate: #"Bearer realm="cistern", error="insufficient_scope", scope="push:board""#
            ]))

    static let overloaded = ProblemExplanation(
        status: .serviceUnavailable, title: "The server has too much to do",
        meaning: "Nothing was done with the request.",
        cause:
            "As many large requests as may be are under way, as many clients wait as may, or the server is being stopped.",
        remedy: "Send the same again after the time in Retry-After, or to another server.",
        example: Example("Too many large requests are being worked on.", retryAfter: .seconds(1)))

    static let rateLimited = ProblemExplanation(
        status: .tooManyRequests, title: "The requests come too often",
        meaning:
            "Nothing was done with the request. “violated-policies” says whose limit is used up: that of the client, "
            + "which is whoever has the token, or the address of one that has none; that of the application, whoever pushes "
            + "to it or polls it; or that of the applications which the client begins to push to.",
        cause:
            "A loop without a pause, many clients with one token, or a batch while the last one is not paid for yet. Each "
            + "change of a batch and each application of a poll counts.",
        remedy: "Send the same again after the time in Retry-After. RateLimit says in each answer what is left; "
            + "Cistern-Poll-Interval, how often to poll. For the operator: the limits are settings of each daemon.",
        example: Example(
            "This client has no pushes left at the moment. Nothing was done.",
            [("violated-policies", .array([.string("client")]))],
            headers: [.rateLimitPolicy: #""client";q=200;w=4"#, .rateLimit: #""client";r=0;t=4"#],
            retryAfter: .seconds(1)))

    static let malformedRequest = ProblemExplanation(
        status: .badRequest, title: "The request is not HTTP as it should be",
        meaning: "The bytes do not form an HTTP/1.1 request, or its body ended early. The connection is closed.",
        cause:
            "A header that is no header, two lengths that differ, a wrong Transfer-Encoding, or a client that gave up while it was sending.",
        remedy: "Use an HTTP library, and look at what proxies between it and the server do.",
        example: Example("The body ended after 120 of 300 bytes."))

    static let headerTooLarge = ProblemExplanation(
        status: .requestHeaderFieldsTooLarge, title: "The request's header is too large",
        meaning:
            "The request line and the header fields together are larger than this server reads. The connection is closed.",
        cause: "Mostly cookies, which Cistern has no use for, or a very long path.",
        remedy: "Send fewer or shorter header fields, or a shorter path.",
        example: Example("The request line or header fields are larger than this server takes."))

    static let requestTimeout = ProblemExplanation(
        status: .requestTimeout, title: "The request took too long to arrive",
        meaning:
            "Header and body have to arrive within a fixed time, however steadily they come. The connection is closed.",
        cause: "A slow or broken connection, or a client that begins a request before it has its body.",
        remedy:
            "Send the same again, in smaller pieces where the line is slow. A change that was accepted meanwhile is recognised.",
        example: Example("The body was not complete in time."))
}
