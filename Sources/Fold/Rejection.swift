import Documents

/// Why a change was not applied: a problem's slug, and where in the patch it stands.
package struct Rejection: Hashable, Sendable {
    package let reason: Reason
    /// Index of the operation that could not be applied; nil for merge patches and for reasons about the whole change.
    package let operation: Int?
    /// The JSON Pointer into the state that the reason is about.
    package let pointer: String?

    package enum Reason: String, CaseIterable, Sendable {
        case preconditionFailed = "precondition-failed"
        case stateTooLarge = "state-too-large"
        case testFailed = "test-failed"
        case pathNotFound = "path-not-found"
        case notANumber = "not-a-number"
        case notAnArray = "not-an-array"
        case numberOutOfRange = "number-out-of-range"
        case tooDeep = "too-deep"
        case tooMuchWork = "too-much-work"
        /// What stands in the list is no entry, or its patch is none. Nothing a bucket wrote; the log goes on behind it.
        case unreadableEntry = "unreadable-entry"
    }

    /// Bytes of a pointer that are kept: enough to find the place, bounded because it is stored with the change's record.
    static let maximumPointerBytes = 256

    package init(_ reason: Reason, operation: Int? = nil, pointer: String? = nil) {
        self.reason = reason
        self.operation = operation
        self.pointer = pointer.map(Self.shortened)
    }

    private static func shortened(_ pointer: String) -> String {
        guard pointer.utf8.count > maximumPointerBytes else { return pointer }
        return String(decoding: pointer.utf8.prefix(maximumPointerBytes), as: UTF8.self) + "…"
    }
}

extension Rejection: LosslessStringConvertible {
    /// `<slug> <operation or -> <pointer>`, the last field only where there is a pointer. It is how records keep it.
    package var description: String {
        let head = "\(reason.rawValue) \(operation.map(String.init) ?? "-")"
        return pointer.map { "\(head) \($0)" } ?? head
    }

    package init?(_ text: String) {
        let fields = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count >= 2, let reason = Reason(rawValue: String(fields[0])) else { return nil }
        guard fields[1] == "-" || Int(fields[1]) != nil else { return nil }
        self.init(reason, operation: Int(fields[1]), pointer: fields.count == 3 ? String(fields[2]) : nil)
    }
}

extension Rejection {
    init(_ failure: PatchFailure) {
        let reason: Reason =
            switch failure.reason {
            case .testFailed: .testFailed
            case .pathNotFound: .pathNotFound
            case .notANumber: .notANumber
            case .notAnArray: .notAnArray
            case .numberOutOfRange: .numberOutOfRange
            case .tooDeep: .tooDeep
            case .stateTooLarge: .stateTooLarge
            case .tooMuchWork: .tooMuchWork
            }
        self.init(reason, operation: failure.operation, pointer: failure.pointer?.description)
    }
}
