/// Why a patch could not be applied to a document, which is then as it was before.
package struct PatchFailure: Error, Equatable, Sendable {
    package enum Reason: String, Sendable, CaseIterable {
        case testFailed = "test-failed"
        case pathNotFound = "path-not-found"
        case notANumber = "not-a-number"
        case notAnArray = "not-an-array"
        case numberOutOfRange = "number-out-of-range"
        case tooDeep = "too-deep"
        case stateTooLarge = "state-too-large"
        case tooMuchWork = "too-much-work"
    }

    package let reason: Reason
    /// Which operation of the patch, counted from 0; nil for merge patches.
    package let operation: Int?
    /// What in the document the operation was about; nil for merge patches.
    package let pointer: JSONPointer?

    package init(_ reason: Reason, operation: Int? = nil, pointer: JSONPointer? = nil) {
        self.reason = reason
        self.operation = operation
        self.pointer = pointer
    }

    /// The last part of the problem type.
    package var slug: String { reason.rawValue }
}

extension PatchFailure: CustomStringConvertible {
    /// For people.
    package var message: String {
        let place =
            pointer.map { $0 == .root ? "the whole document" : $0.description.quoted } ?? "the document"
        return switch reason {
        case .testFailed: "the test of \(place) found another value"
        case .pathNotFound: "\(place) does not exist, or nothing can be put there"
        case .notANumber: "\(place) is not a number"
        case .notAnArray: "\(place) is not an array"
        case .numberOutOfRange:
            "the number at \(place) would have more than \(PlainDecimal.maximumDigits) digits on one side of the point"
        case .tooDeep: "arrays and objects would be nested too deep at \(place)"
        case .stateTooLarge: "the state would become too large"
        case .tooMuchWork: "the patch has to look at too many elements"
        }
    }

    package var description: String {
        operation.map { "operation \($0): \(message)" } ?? message
    }
}
