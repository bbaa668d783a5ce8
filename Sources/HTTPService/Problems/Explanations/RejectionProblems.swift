// Why an accepted change came to nothing: the reasons that stand in a change's status and in messages on sockets.

import Documents
import HTTPTypes

extension ProblemExplanation {
    /// What is the same for all of them.
    private static func rejection(
        _ title: String, status: HTTPResponse.Status = .unprocessableContent, meaning: String, cause: String,
        remedy: String, example: Example
    ) -> ProblemExplanation {
        ProblemExplanation(
            status: status, title: title,
            meaning: meaning + " The change has its position, but nothing of it was applied; those behind it go on.",
            cause: cause, remedy: remedy, example: example)
    }

    private static func at(_ pointer: String, operation: Int = 0) -> [(String, Document)] {
        [("operation", .integer(operation)), ("pointer", .string(pointer))]
    }

    static let preconditionFailed = rejection(
        "The state was not the one that the change was made for", status: .preconditionFailed,
        meaning: "When its turn came, the state had another version than If-Match or If-None-Match demanded.",
        cause:
            "Somebody else's change was applied first. A deletion is refused in the same way, and then nothing is deleted.",
        remedy: "Read the state, make the change anew for it, and send that under a new id.",
        example: Example("The state did not have the version that the change asked for when its turn came."))

    static let stateTooLarge = rejection(
        "The state would be too large", status: .contentTooLarge,
        meaning: "With this change the state would have more bytes than this store allows.",
        cause: "Lists that only grow, mostly.",
        remedy: "Remove what is not needed any more, or deal it out to several applications.",
        example: Example("The state would have become larger than this store allows."))

    static let testFailed = rejection(
        "A test of the patch failed",
        meaning: "An operation “test” found another value at “pointer” than it asked for.",
        cause: "Somebody else changed it first, or the patch was made for another state.",
        remedy: "Read the state and make the patch anew. “operation” counts the patch's operations from 0.",
        example: Example("The test of “/owner” found another value.", at("/owner")))

    static let pathNotFound = rejection(
        "The patch names a place that does not exist",
        meaning: "There is nothing at “pointer”, or nothing to put it into.",
        cause:
            "The member was removed meanwhile, or the object around it was never made: a JSON Patch makes no parents.",
        remedy: "Add the parent first, in the same patch, or send a merge patch, which makes what is missing.",
        example: Example("There is no “/cards/7”, or nothing to put it into.", at("/cards/7/title", operation: 2)))

    static let notANumber = rejection(
        "The patch calculates with something that is no number",
        meaning: "increment, min and max need a number at “pointer”; there is something else.",
        cause: "The place was set to a string or an object before. Where nothing is, the value is set.",
        remedy: "Replace it by a number.",
        example: Example("What stands at “/count” is not a number.", at("/count")))

    static let notAnArray = rejection(
        "The patch treats something as an array that is none",
        meaning: "union and subtract need an array at “pointer”; there is something else.",
        cause: "The place was set to a single value before. Where nothing is, union makes an array.",
        remedy: "Replace it by an array.",
        example: Example("What stands at “/tags” is not an array.", at("/tags")))

    static let numberOutOfRange = rejection(
        "A number would have too many digits",
        meaning: "The result at “pointer” would have more than 1,000 digits before or behind the point.",
        cause: "Numbers are calculated exactly, in decimal, and so grow with what is added.",
        remedy: "Add numbers of a like size, or keep very large ones as strings.",
        example: Example("The number at “/total” would have had more digits than are kept.", at("/total")))

    static let tooDeep = rejection(
        "The state would be nested too deeply",
        meaning: "Arrays and objects would be nested deeper than 128 levels at “pointer”.",
        cause: "A copy of something into itself, often, or a tree that is kept as a tree.",
        remedy: "Keep the nodes in one object by their ids, and let each name its parent.",
        example: Example("Arrays and objects would have been nested too deep at “/a/a/a”.", at("/a/a/a")))

    static let tooMuchWork = rejection(
        "The patch is too much work",
        meaning: "The patch would copy or compare more than one change may.",
        cause: "Many operations “copy” or “test” on large parts of the state, or “union” of long arrays.",
        remedy: "Split it into several changes.",
        example: Example("The patch would have looked at too many elements of the state.", at("/log", operation: 40)))

    static let unreadableEntry = rejection(
        "The entry in the log cannot be read",
        meaning: "What stands in the log at this position is not a change that a server has written.",
        cause: "Something else than Cistern pushed to the list in Redis.",
        remedy: "For the operator: find out who writes to these keys. Nothing else has to be done.",
        example: Example("What stands in the log at this position is no change."))
}
