// The table of all problems: one explanation for each slug, and none without.

extension ProblemKind {
    var explanation: ProblemExplanation {
        switch self {
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .invalidParameter: .invalidParameter
        case .internalError: .internalError
        case .notReady: .notReady
        case .unauthenticated: .unauthenticated
        case .forbidden: .forbidden
        case .overloaded: .overloaded
        case .rateLimited: .rateLimited
        case .malformedRequest: .malformedRequest
        case .headerTooLarge: .headerTooLarge
        case .requestTimeout: .requestTimeout
        case .invalidID: .invalidID
        case .malformedJSON: .malformedJSON
        case .invalidPatch: .invalidPatch
        case .invalidPrecondition: .invalidPrecondition
        case .changeIDReused: .changeIDReused
        case .changeTooOld: .changeTooOld
        case .changeFromTheFuture: .changeFromTheFuture
        case .changeTooLarge: .changeTooLarge
        case .unsupportedChangeType: .unsupportedChangeType
        case .backlogFull: .backlogFull
        case .repeatRecordsFull: .repeatRecordsFull
        case .logUnavailable: .logUnavailable
        case .outOfOrder: .outOfOrder
        case .clientUnknown: .clientUnknown
        case .applicationDeleted: .applicationDeleted
        case .invalidBatch: .invalidBatch
        case .batchTooLarge: .batchTooLarge
        case .unknownChange: .unknownChange
        case .unknownApp: .unknownApp
        case .noSuchPath: .noSuchPath
        case .notYetMerged: .notYetMerged
        case .epochChanged: .epochChanged
        case .stateUnavailable: .stateUnavailable
        case .presenceTooLarge: .presenceTooLarge
        case .presenceFull: .presenceFull
        case .unsupportedPresenceType: .unsupportedPresenceType
        case .upgradeRequired: .upgradeRequired
        case .invalidHandshake: .invalidHandshake
        case .invalidMessage: .invalidMessage
        case .preconditionFailed: .preconditionFailed
        case .stateTooLarge: .stateTooLarge
        case .testFailed: .testFailed
        case .pathNotFound: .pathNotFound
        case .notANumber: .notANumber
        case .notAnArray: .notAnArray
        case .numberOutOfRange: .numberOutOfRange
        case .tooDeep: .tooDeep
        case .tooMuchWork: .tooMuchWork
        case .unreadableEntry: .unreadableEntry
        }
    }
}
