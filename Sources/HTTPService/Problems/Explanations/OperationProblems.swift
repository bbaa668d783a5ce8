// What is answered about long-running operations, to who wants them and to who works on them.

import Documents
import HTTPTypes

extension ProblemExplanation {
    static let invalidOperation = ProblemExplanation(
        status: .unprocessableContent, title: "The request about an operation is not valid",
        meaning: "The body is JSON, but not what is taken here. Nothing was done.",
        cause: "A member is missing, has another type or is out of its range, or is not known: none is passed over.",
        remedy: "“pointer” says where. /openapi.json has what is taken.",
        example: Example("“attempts” is a whole number from 1 to 100.", [("pointer", .string("/attempts"))]))

    static let operationTooLarge = ProblemExplanation(
        status: .contentTooLarge, title: "This is too large for an operation",
        meaning: "The body has more bytes than an operation, a result or a worker's report may have. Nothing was done.",
        cause: "What operations are given and what comes of them is kept in memory.",
        remedy:
            "“limit” is the largest size in bytes. Put what is larger elsewhere, and its address into the operation.",
        example: Example("An operation has at most 65536 bytes.", [("limit", .integer(65_536))]))

    static let unsupportedOperationType = ProblemExplanation(
        status: .unsupportedMediaType, title: "What is said about operations is JSON",
        meaning: "The body was sent as something else than application/json. Nothing was done.",
        cause: "The header field Content-Type is missing, or another.",
        remedy: "Send it as application/json. Only results may be anything.",
        example: Example("What is said about operations is sent as application/json."))

    static let operationReserved = ProblemExplanation(
        status: .forbidden, title: "Only the servers have such operations",
        meaning: "The operation is of a kind, or of an application, that belongs to the servers. Nothing was done.",
        cause: "Servers have work of their own done by operations, such as the recovery of a webhook's deliveries.",
        remedy:
            "Choose another kind or application. What is the servers' is asked for by a route of its own, and may be looked at and cancelled as any other operation.",
        example: Example(
            "Kinds that begin with “cistern.”, and applications that begin with “cistern~”, are the servers'.",
            [("pointer", .string("/kind"))]))

    static let operationMismatch = ProblemExplanation(
        status: .conflict, title: "Another operation has this id",
        meaning: "There is an operation with this id that was asked for in other words. This one was not made.",
        cause: "Two clients that choose the same ids, or a repeat that was altered before it was sent.",
        remedy: "Give every operation an id of its own, and send a repeat as it was.",
        example: Example("Another operation was made under this id."))

    static let operationIDRetired = ProblemExplanation(
        status: .conflict, title: "The operation of this id is not there any more",
        meaning: "There was an operation with this id, which was deleted or has had its time. It is not done again.",
        cause: "A repeat that comes very late, or an id that is used twice.",
        remedy: "If this is to be done once more, choose another id.",
        example: Example("The operation of this id was deleted, or its time is over."))

    static let invalidIdempotencyKey = ProblemExplanation(
        status: .badRequest, title: "The operation has neither an id nor a key",
        meaning: "The header field Idempotency-Key is missing, or is not one string. Nothing was done.",
        cause: "Without a key a repeat could not be told from another operation, which would be done twice.",
        remedy:
            "Send “Idempotency-Key” with a string that no other operation of the application has, such as a UUID; or choose an id and send PUT.",
        example: Example("The header field Idempotency-Key is missing."))

    static let idempotencyKeyReused = ProblemExplanation(
        status: .unprocessableContent, title: "The key was used for another operation",
        meaning:
            "There is an operation that was made with this key and asked for in other words. This one was not made.",
        cause: "Two clients that choose the same keys, or a repeat that was altered before it was sent.",
        remedy: "Give every operation a key of its own, and send a repeat as it was.",
        example: Example("Another operation was made with this key."))

    static let operationNotDead = ProblemExplanation(
        status: .conflict, title: "Only what is dead is tried again",
        meaning: "The operation is not over yet, or is over for another reason than that its attempts came to nothing.",
        cause:
            "It was tried again already, maybe by a request whose answer was lost. “operation_status” says how it stands.",
        remedy: "If what has failed or was cancelled is to be done all the same, make another operation.",
        example: Example("The operation is not dead.", [("operation_status", .string("running"))]))

    static let rangeNotSatisfiable = ProblemExplanation(
        status: .rangeNotSatisfiable, title: "The result has no such bytes",
        meaning: "The range in the header field Range begins behind the end of the result.",
        cause: "A download was gone on with that was complete, or of another result.",
        remedy: "Content-Range says how many bytes there are. Send the result's tag in If-Range with the range.",
        example: Example("The result has 10 bytes.", [("limit", .integer(10))]))

    static let operationsFull = ProblemExplanation(
        status: .tooManyRequests, title: "Too many operations wait",
        meaning: "The application has as many operations that are not over as it may. This one was not made.",
        cause: "More is asked for than workers do, or there are none.",
        remedy: "Send the same again after the time in Retry-After.",
        example: Example(
            "This application has 10000 operations that are not over, as many as may be.",
            [("limit", .integer(10_000))], retryAfter: .seconds(5)))

    static let unknownOperation = ProblemExplanation(
        status: .notFound, title: "There is no such operation",
        meaning: "The application has no operation with this id, and had none for as long as anybody remembers.",
        cause: "It was not made yet, or the id is spelt in another way.",
        remedy: "Make it with PUT. The same PUT again is harmless.",
        example: Example("“board” has no operation “export-7”."))

    static let operationGone = ProblemExplanation(
        status: .gone, title: "The operation is not there any more",
        meaning:
            "There was an operation with this id. It was deleted, or was over for longer than operations are kept.",
        cause: "Operations and their results are kept for a day after they are over, or as long as the operator says.",
        remedy: "Fetch results before “expires_at”.",
        example: Example("The operation “export-7” was deleted, or its time is over."))

    static let resultNotReady = ProblemExplanation(
        status: .notFound, title: "The operation has no result yet",
        meaning: "The operation is not over.",
        cause: "It waits for a worker, or is being worked on. “operation_status” says which.",
        remedy: "Ask again after the time in Retry-After, or wait for the operation with “Prefer: wait=N”.",
        example: Example(
            "The operation is not over.", [("operation_status", .string("running"))], retryAfter: .seconds(4)))

    static let operationFailed = ProblemExplanation(
        status: .conflict, title: "The operation has no result",
        meaning:
            "The operation is over and came to nothing: it failed, was cancelled, or none of its attempts came to an end.",
        cause: "“operation_status” says which, and “error” of the operation why.",
        remedy: "If it is to be done all the same, make another operation.",
        example: Example("The operation is over without a result.", [("operation_status", .string("failed"))]))

    static let leaseLost = ProblemExplanation(
        status: .conflict, title: "The lease is not held any more",
        meaning: "What was said about the operation does not count, because somebody else may be at work on it.",
        cause:
            "The lease ran out before its worker was heard of, was ended by that worker, or the token is another one. The operation may be over.",
        remedy: "Stop working on it, and claim something else. Send heartbeats at half of the lease's time.",
        example: Example("This lease has run out or was ended."))
}
