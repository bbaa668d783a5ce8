// What is answered about states, about who is here, and to sockets.

import Documents
import HTTPTypes

extension ProblemExplanation {
    static let unknownApp = ProblemExplanation(
        status: .notFound, title: "There is no such application",
        meaning: "There is no application with this id now.",
        cause: "Nothing was ever pushed to it, or it was deleted.",
        remedy:
            "The first change makes it. Whoever waits for that asks with “Prefer: wait=N”, or opens an event stream.",
        example: Example("There is no application “board”. The first change pushed to it creates it."))

    static let noSuchPath = ProblemExplanation(
        status: .notFound, title: "The state has nothing at this path",
        meaning: "“path” is a JSON Pointer that leads to nothing in this version of the state.",
        cause:
            "The member was removed, was not added yet, or is spelt in another way. In a pointer “~” is written ~0 and “/” ~1.",
        remedy: "Poll the whole state to see what there is. “position” says how far the state is.",
        example: Example(
            "The state has nothing at “/cards/7”.", [("position", .string("mgz3k1-57"))]))

    static let notYetMerged = ProblemExplanation(
        status: .serviceUnavailable, title: "The state is not that far yet",
        meaning: "The changes up to the wanted position were not merged in the time that the request waited.",
        cause: "The application has a backlog, or no merge daemon works in its partition.",
        remedy: "Ask again after the time in Retry-After. “position” says how far the state is.",
        example: Example(
            "The position mgz3k1-60 is not folded in yet.", [("position", .string("mgz3k1-57"))],
            retryAfter: .seconds(1)))

    static let epochChanged = ProblemExplanation(
        status: .conflict, title: "The position is of an epoch that is gone",
        meaning: "Positions of the epoch that was asked for do not count any more.",
        cause: "The application was deleted and made anew, or Redis lost the end of its log.",
        remedy:
            "Read the state, and send again, with the same ids, the changes that are not acknowledged in the new epoch: "
            + "those that survived are recognised.",
        example: Example(
            "The position belongs to another epoch of the application; its log began anew.",
            [("position", .string("mgz7p0-3"))]))

    static let stateUnavailable = ProblemExplanation(
        status: .serviceUnavailable, title: "The state cannot be read at the moment",
        meaning: "This server has no copy of the state that it could answer with.",
        cause: "Redis does not answer, and nobody has polled the application here lately.",
        remedy: "Ask again after the time in Retry-After, or ask another server.",
        example: Example(
            "The state is not known here, and the log cannot be reached at the moment.", retryAfter: .seconds(1)))

    static let presenceTooLarge = ProblemExplanation(
        status: .contentTooLarge, title: "The client's presence is too large",
        meaning: "The document about a client has more bytes than are kept. The client is not shown with it.",
        cause: "Presence is for a name and a cursor: it goes to all servers, and to everybody who watches.",
        remedy: "“limit” is the largest size in bytes. What is large, or has to last, belongs into the state.",
        example: Example("The client's document has more than 4096 bytes.", [("limit", .integer(4_096))]))

    static let presenceFull = ProblemExplanation(
        status: .tooManyRequests, title: "As many clients are here as may be",
        meaning: "The client is not shown. Those who are here already can renew themselves.",
        cause: "The application has as many clients as may be present, or the server as many as it can remember.",
        remedy: "Send the same again after the time in Retry-After.",
        example: Example(
            "1000 clients are present in this application, as many as may be.", [("limit", .integer(1_000))],
            retryAfter: .seconds(5)))

    static let unsupportedPresenceType = ProblemExplanation(
        status: .unsupportedMediaType, title: "A client's presence is JSON",
        meaning: "The document about a client was sent as something else than application/json.",
        cause: "The header field Content-Type is missing, or another.",
        remedy: "Send it as application/json.",
        example: Example("A client's presence is sent as application/json."))

    static let upgradeRequired = ProblemExplanation(
        status: .upgradeRequired, title: "This path is for WebSockets",
        meaning: "The request does not ask for a WebSocket, or for another version of the protocol than 13.",
        cause: "The path was opened like a page, or a proxy in between does not pass upgrades on.",
        remedy:
            "Open it with a WebSocket client. Without one the application's /state has the same, by polling or as an event stream.",
        example: Example("This path takes WebSockets only."))

    static let invalidHandshake = ProblemExplanation(
        status: .badRequest, title: "The WebSocket handshake is not valid",
        meaning: "The request asks for a WebSocket in a way that cannot be accepted. The connection is closed.",
        cause: "A missing or wrong Sec-WebSocket-Key, or subprotocols of which none is cistern.v1.",
        remedy: "The detail says which field it is. “supported” names the subprotocol where it is about that.",
        example: Example(
            "None of the subprotocols is spoken here.", [("supported", .array([.string("cistern.v1")]))]))

    static let invalidMessage = ProblemExplanation(
        status: .badRequest, title: "The message is not valid",
        meaning:
            "A message on a socket is JSON, but none that a client sends. Nothing of it was accepted; the socket stays open.",
        cause:
            "A message is an object with “push” or “presence”; something else was found, or presence on a socket that names no client.",
        remedy: "“pointer” says where in the message.",
        example: Example("A push needs the member “id”.", [("pointer", .string("/push"))]))
}
