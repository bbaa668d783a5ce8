/// Why something is not a patch. Found out where it enters, before it is ever applied.
package enum PatchError: Error, Equatable, Sendable {
    /// Not JSON; `ParsingError.offset` says where.
    case malformedJSON(ParsingError)
    /// JSON, but not a patch of its kind: where in the patch document, and what is wrong, for people.
    case invalidPatch(pointer: JSONPointer, message: String)
}

extension PatchError: CustomStringConvertible {
    /// For people, without the place.
    package var message: String {
        switch self {
        case .malformedJSON(let error): error.message
        case .invalidPatch(_, let message): message
        }
    }

    package var description: String {
        switch self {
        case .malformedJSON(let error): error.description
        case .invalidPatch(let pointer, let message):
            pointer == .root ? message : "\(message) (at \(pointer) in the patch)"
        }
    }
}
