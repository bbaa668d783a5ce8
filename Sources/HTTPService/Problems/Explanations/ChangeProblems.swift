// What is answered to changes on their way in.

import Documents
import HTTPTypes

extension ProblemExplanation {
    static let invalidID = ProblemExplanation(
        status: .badRequest, title: "An id is not valid",
        meaning: "The id of an application, a change or a client cannot be one.",
        cause: "Ids are 1 to 128 of A–Z a–z 0–9 . _ ~ - and start with a letter or digit. "
            + "Where a change's id ends in “~” and a number, the number counts 1, 2, 3, … without leading zeros.",
        remedy: "Choose another id. In a batch “pointer” says which one it is.",
        example: Example("An id starts with a letter or digit, not with “-”.", [("pointer", .string("/2/id"))]))

    static let malformedJSON = ProblemExplanation(
        status: .badRequest, title: "The body is not valid JSON",
        meaning: "The body could not be read as JSON. Nothing was accepted.",
        cause:
            "JSON is read strictly (RFC 8259): no commas at the end, no duplicate members, no lone surrogates, no byte order mark, "
            + "at most 128 levels, numbers of at most 1,000 characters. Other parsers let some of this pass, each in its own way.",
        remedy: "“offset” is the byte at which reading stopped. Correct it and send it under the same id.",
        example: Example("At byte 7: a comma has to be followed by a member.", [("offset", .integer(7))]))

    static let invalidPatch = ProblemExplanation(
        status: .badRequest, title: "The patch is not valid",
        meaning: "The body is JSON, but no patch of its media type. Nothing was accepted.",
        cause:
            "An operation without “op” or “path”, one that does not exist in this media type, or a path that is no JSON Pointer.",
        remedy:
            "“pointer” says where in the patch. increment, min, max, union, subtract and timestamp need application/vnd.cistern.patch+json.",
        example: Example("An operation needs the member “path”.", [("pointer", .string("/1"))]))

    static let invalidPrecondition = ProblemExplanation(
        status: .badRequest, title: "The precondition cannot be understood",
        meaning: "If-Match or If-None-Match has a value that means nothing for a change.",
        cause: "If-Match takes one version or *, If-None-Match takes * only, and a change has one of the two at most.",
        remedy: "Take the version from the ETag of the state that the change was made for.",
        example: Example("If-Match takes one version of the form \"<epoch>-<number>\", or *."))

    static let changeIDReused = ProblemExplanation(
        status: .conflict, title: "Another change has this id",
        meaning: "A change with this id and other content was accepted before, at “position”. This one was not.",
        cause: "Two clients that choose the same ids, or a repeat that was altered before it was sent. "
            + "Contents are compared by JSON value, together with kind and precondition.",
        remedy: "Give every change an id of its own, and send a repeat as it was.",
        example: Example(
            "Another change was accepted under this id. Choose a new id for a new change.",
            [("position", .string("mgz3k1-57"))]))

    static let changeTooOld = ProblemExplanation(
        status: .gone, title: "The change is too old to be told from a repeat",
        meaning: "The id is a UUIDv7, which says when it was made, and that is longer ago than repeats are recognised. "
            + "It was not accepted now, but it may have been before.",
        cause: "A client that was offline for more than a day, or a clock that is wrong.",
        remedy:
            "Look at the state. If the change is not in it, send it with a new id. Clients that number their changes (client~1, client~2, …) have 30 days.",
        example: Example("The id's time lies before the time in which repeats are recognised."))

    static let changeFromTheFuture = ProblemExplanation(
        status: .badRequest, title: "The change's id is of a time to come",
        meaning: "The id is a UUIDv7 whose time is more than five minutes ahead of the server's clock.",
        cause: "The clock of the client, or the one of Redis, is wrong.",
        remedy: "Set the clock right and make a new id.",
        example: Example("The id's time lies ahead of the server's clock. Set the clock right."))

    static let changeTooLarge = ProblemExplanation(
        status: .contentTooLarge, title: "The change is too large",
        meaning: "One change has more bytes than are taken. Nothing was accepted.",
        cause: "Often a patch that replaces the whole state where a small one would do.",
        remedy: "“limit” is the largest size in bytes. Send what has changed only, in several changes.",
        example: Example("The change has more than 1048576 bytes.", [("limit", .integer(1_048_576))]))

    static let unsupportedChangeType = ProblemExplanation(
        status: .unsupportedMediaType, title: "Changes of this media type are not understood",
        meaning: "The header field Content-Type, or “type” in a batch, names no kind of change.",
        cause: "It is missing, or what a form sends by itself.",
        remedy: "“supported” lists the media types that are understood.",
        example: Example(
            "“text/plain” is no kind of change; these are: application/merge-patch+json, application/json-patch+json, application/vnd.cistern.patch+json.",
            [
                (
                    "supported",
                    .array([
                        .string("application/merge-patch+json"), .string("application/json-patch+json"),
                        .string("application/vnd.cistern.patch+json"),
                    ])
                )
            ]))

    static let backlogFull = ProblemExplanation(
        status: .tooManyRequests, title: "Too many changes wait to be merged",
        meaning:
            "The change was not accepted: as many changes wait as may, of this application or of all in its partition.",
        cause: "More is pushed than is merged, or no merge daemon works in the application's partition.",
        remedy:
            "Send the same again after the time in Retry-After. For the operator: see on the dashboard whether all partitions are led, and which application grows.",
        example: Example(
            "Too many changes of this application wait to be merged. Nothing was accepted.", retryAfter: .seconds(2)))

    static let repeatRecordsFull = ProblemExplanation(
        status: .tooManyRequests, title: "As many change ids are remembered as may be",
        meaning: "The change was not accepted, because its repeat could not be recognised later.",
        cause: "Each id costs a record in Redis for a day, and their number is bounded.",
        remedy:
            "Number the client's changes (client~1, client~2, …): they need one record for all of them. Or send it again after the time in Retry-After, when the oldest records have expired.",
        example: Example(
            "The store remembers as many change ids as it may. Number the changes (<client>~<n>), which costs one record a client, or try later.",
            retryAfter: .seconds(60)))

    static let logUnavailable = ProblemExplanation(
        status: .serviceUnavailable, title: "The log of changes does not answer",
        meaning: "Nothing was accepted, or it is not known whether it was; the detail says which.",
        cause: "Redis is being restarted, is not reached, takes too long to answer, or has no memory or disk left.",
        remedy:
            "Send the same again, with the same id, after the time in Retry-After: a repeat is recognised. For the operator: /readyz says what the server sees of Redis.",
        example: Example(
            "The log cannot be reached, or takes no changes, at the moment. Nothing was done; the same request may be sent again.",
            retryAfter: .seconds(1)))

    static let outOfOrder = ProblemExplanation(
        status: .conflict, title: "The client's changes are out of order",
        meaning:
            "The change's number is not the client's next one, so it was not accepted. A client's changes are folded in its own order.",
        cause: "A change before this one has not arrived: it is still under way, was refused, or was left out.",
        remedy: "Send the changes from “expected” on, in order. One request after the other, or all in one batch.",
        example: Example(
            "The client's next change has the number 12. Send the ones before it first.", [("expected", .integer(12))]))

    static let clientUnknown = ProblemExplanation(
        status: .gone, title: "The client is not known any more",
        meaning: "The change has a number above 1, of a client whose last number is not known.",
        cause: "The client was idle for more than 30 days, or never sent its first change.",
        remedy: "Look at the state for what was applied. Then go on under a new client name, from number 1.",
        example: Example(
            "This client is not known, or not any more, so its changes cannot go on from this number. Begin at 1 under a new name."
        ))

    static let applicationDeleted = ProblemExplanation(
        status: .gone, title: "The application of this change was deleted",
        meaning: "A change with this id belonged to the application before it was deleted. It is not applied again.",
        cause:
            "A repeat that comes after the deletion. Were it accepted, a delayed duplicate would bring the application back.",
        remedy: "Send a change with a new id if the application is to exist again.",
        example: Example("The change belongs to an application that was deleted; it is not applied again."))

    static let invalidBatch = ProblemExplanation(
        status: .badRequest, title: "The batch is not valid",
        meaning: "Nothing of the batch was accepted.",
        cause:
            "A batch is an array of objects with “id”, “type”, “change” and, if wanted, “if_match” or “if_none_match”; something else was found.",
        remedy: "“pointer” says which change of the batch it is, and where in it.",
        example: Example("A change of a batch needs “change”.", [("pointer", .string("/3"))]))

    static let batchTooLarge = ProblemExplanation(
        status: .contentTooLarge, title: "The batch is too large",
        meaning: "Nothing of the batch was accepted.",
        cause: "It has more changes, or more bytes, than are taken at once.",
        remedy: "“limit” is the largest number of changes or bytes. Send several batches, one after the other.",
        example: Example("The batch has 1200 changes; it takes at most 1000.", [("limit", .integer(1_000))]))

    static let unknownChange = ProblemExplanation(
        status: .notFound, title: "There is no such change",
        meaning: "Nothing is known of a change with this id.",
        cause: "It was never accepted, or so long ago that its record has expired.",
        remedy: "If it should have been accepted just now, send it: the same id is applied once at most.",
        example: Example("“board” has no change “c1”, or it was too long ago to be remembered."))
}
