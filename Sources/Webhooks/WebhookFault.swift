package import Operations

/// What is wrong with a request about a webhook.
package struct WebhookFault: Error, Equatable, Sendable {
    package enum Kind: Sendable {
        case invalid
        /// Nothing is sent there.
        case urlForbidden
    }

    package let kind: Kind
    /// A sentence.
    package let message: String
    /// Where, as a JSON Pointer.
    package let pointer: String

    init(_ kind: Kind = .invalid, _ message: String, at pointer: String) {
        self.kind = kind
        self.message = message
        self.pointer = pointer
    }

    package init(_ fault: OperationFault) { self.init(.invalid, fault.message, at: fault.pointer) }
}
