// What people are told about each kind of problem: a title for the problem document and a paragraph for its page.

extension ProblemKind {
    /// The problem's `title`: the same for every occurrence (RFC 9457 §3.1.3).
    package var title: String {
        switch self {
        case .notFound: "There is nothing at this path"
        case .methodNotAllowed: "This path does not take this method"
        case .invalidParameter: "A parameter cannot be understood"
        case .internalError: "The server made a mistake"
        case .notReady: "The server cannot do its work yet"
        case .unauthorized: "The request does not say who sends it"
        case .forbidden: "The sender may not do this"
        case .overloaded: "The server has too much to do"
        case .malformedRequest: "The request is not HTTP as it should be"
        case .headerTooLarge: "The request's header is too large"
        case .requestTimeout: "The request took too long to arrive"
        case .invalidID: "An id is not valid"
        case .malformedJSON: "The body is not valid JSON"
        case .invalidPatch: "The patch is not valid"
        case .invalidPrecondition: "The precondition cannot be understood"
        case .changeIDReused: "Another change has this id"
        case .changeTooOld: "The change is too old to be told from a repeat"
        case .changeFromTheFuture: "The change's id is of a time to come"
        case .changeTooLarge: "The change is too large"
        case .unsupportedChangeType: "Changes of this media type are not understood"
        case .backlogFull: "Too many changes wait to be merged"
        case .repeatRecordsFull: "As many change ids are remembered as may be"
        case .logUnavailable: "The log of changes does not answer"
        case .outOfOrder: "The client's changes are out of order"
        case .clientUnknown: "The client is not known any more"
        case .applicationDeleted: "The application of this change was deleted"
        case .invalidBatch: "The batch is not valid"
        case .batchTooLarge: "The batch is too large"
        case .unknownChange: "There is no such change"
        case .unknownApp: "There is no such application"
        case .noSuchPath: "The state has nothing at this path"
        case .notYetMerged: "The state is not that far yet"
        case .epochChanged: "The position is of an epoch that is gone"
        case .stateUnavailable: "The state cannot be read at the moment"
        case .presenceTooLarge: "The client's presence is too large"
        case .presenceFull: "As many clients are here as may be"
        case .unsupportedPresenceType: "A client's presence is JSON"
        case .upgradeRequired: "This path is for WebSockets"
        case .invalidHandshake: "The WebSocket handshake is not valid"
        case .invalidMessage: "The message is not valid"
        case .preconditionFailed: "The state was not the one that the change was made for"
        case .stateTooLarge: "The state would be too large"
        case .testFailed: "A test of the patch failed"
        case .pathNotFound: "The patch names a place that does not exist"
        case .notANumber: "The patch calculates with something that is no number"
        case .notAnArray: "The patch treats something as an array that is none"
        case .numberOutOfRange: "A number would have too many digits"
        case .tooDeep: "The state would be nested too deeply"
        case .tooMuchWork: "The patch is too much work"
        case .unreadableEntry: "The entry in the log cannot be read"
        }
    }

    /// One paragraph: when it happens and what to do.
    package var explanation: String {
        switch self {
        case .notFound: "No route has this path. Look for a missing or doubled slash."
        case .methodNotAllowed: "The path exists. The Allow header names the methods it takes."
        case .invalidParameter:
            "The member “parameter” names the query parameter or header. The detail says what it takes. Correct it and send again."
        case .internalError:
            "The request was well. The log has more under the id in “request”. Sending it again may help."
        case .notReady: "The member “checks” says what is missing. It is looked at again each time somebody asks."
        case .unauthorized: "Send credentials in the Authorization header."
        case .forbidden: "The credentials are known, but do not permit this action on this application."
        case .overloaded: "Nothing was done. Send the same request again after the time in Retry-After."
        case .malformedRequest:
            "The bytes do not form an HTTP/1.1 request, or its body ended early. The connection is closed."
        case .headerTooLarge: "Send fewer or shorter header fields, or a shorter path. The connection is closed."
        case .requestTimeout:
            "Header and body have to arrive within a fixed time, however steadily they come. The connection is closed."
        case .invalidID:
            "Ids of applications and changes are 1 to 128 of A–Z a–z 0–9 . _ ~ - and start with a letter or digit. "
                + "Where a change id ends in “~” and a number, the number counts 1, 2, 3, … without leading zeros."
        case .malformedJSON:
            "JSON is read strictly (RFC 8259): no duplicate members, no lone surrogates, no byte order mark, at most 128 levels. "
                + "The member “offset” is the byte at which reading stopped."
        case .invalidPatch: "The JSON is well, but it is no patch of its media type. The member “pointer” says where."
        case .invalidPrecondition:
            "If-Match takes one version or “*”, If-None-Match takes “*”, and a change takes one of the two."
        case .changeIDReused:
            "A change with this id and other content was accepted before, at “position”. Give every change an id of its own, and send a repeat unaltered."
        case .changeTooOld:
            "The id says when it was made, and that is longer ago than repeats are recognised. It may have been applied or not: look at the state, then send it with a new id."
        case .changeFromTheFuture:
            "The id's time is more than five minutes ahead of the server's clock. Set the clock right."
        case .changeTooLarge: "The member “limit” is the largest size in bytes. Send smaller changes."
        case .unsupportedChangeType: "The member “supported” lists the media types that are."
        case .backlogFull: "The change was not accepted. Send the same request again after the time in Retry-After."
        case .repeatRecordsFull:
            "The change was not accepted. Number the client's changes (<client>~1, <client>~2, …): they need no record of their own. Or wait until the oldest records expire."
        case .logUnavailable:
            "Nothing was accepted, or it is not known whether it was. Send the same request again: a repeat is recognised."
        case .outOfOrder: "The member “expected” is the number that this client's next change has to have."
        case .clientUnknown:
            "The client was idle for so long that its last number was forgotten. Begin again with a new client name at number 1."
        case .applicationDeleted:
            "A change with this id belonged to the application before it was deleted. Ids are not used again."
        case .invalidBatch:
            "The member “pointer” says which change of the batch, and where in it. Nothing of the batch was accepted."
        case .batchTooLarge: "The member “limit” is the largest number of changes or bytes. Send several batches."
        case .unknownChange: "It was never accepted, or so long ago that its record is gone."
        case .unknownApp: "Nothing was ever pushed to this application, or it was deleted. The first change makes it."
        case .noSuchPath: "The JSON Pointer is well, but leads to nothing in this version of the state."
        case .notYetMerged:
            "The changes up to the wanted position were not merged in time. Ask again after the time in Retry-After."
        case .epochChanged:
            "The application was made anew since, or its log lost its end. Read the state, and send again the changes that are not acknowledged in the new epoch."
        case .stateUnavailable:
            "The server has no copy of this state, and the store does not answer. Ask again after the time in Retry-After."
        case .presenceTooLarge:
            "The member “limit” is the largest size in bytes. What is large or has to last belongs into the state."
        case .presenceFull:
            "The application has as many clients as may be present, or the server as many as it can remember. The client is not shown. Send the same request again after the time in Retry-After."
        case .unsupportedPresenceType: "Send the document as application/json."
        case .upgradeRequired:
            "Open the path with a WebSocket client, version 13 of the protocol. Over plain HTTP the application's /state has the same, by polling or as an event stream."
        case .invalidHandshake:
            "The request asks for a WebSocket in a way that cannot be accepted. The detail says which field. The connection is closed."
        case .invalidMessage:
            "The member “pointer” says where in the message. Nothing of it was accepted, and the socket stays open."
        case .preconditionFailed:
            "When the change's turn came, the state had another version than If-Match or If-None-Match demanded. Read the state and make the change anew."
        case .stateTooLarge:
            "The state with this change would be over the limit in bytes, so the change was not applied."
        case .testFailed: "An operation “test” found another value. Nothing of the patch was applied."
        case .pathNotFound: "The place in “pointer” does not exist in the state. Nothing of the patch was applied."
        case .notANumber: "The operations increment, min and max need a number at the place in “pointer”."
        case .notAnArray: "The operations union and subtract need an array at the place in “pointer”."
        case .numberOutOfRange: "Results have at most 1,000 digits on both sides of the point."
        case .tooDeep: "Documents have at most 128 levels of arrays and objects."
        case .tooMuchWork: "The patch copies or compares more than one change may. Split it."
        case .unreadableEntry:
            "What stands in the log at this position is not a change that a server has written. It was skipped."
        }
    }
}
