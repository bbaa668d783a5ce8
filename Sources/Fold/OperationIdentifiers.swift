// Names in long-running operations: the same bytes as an application's.

/// Names an operation within its application.
package struct OperationID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "operation id")
    }
}

/// Says what is to be done, and so which workers can do it.
package struct OperationKind: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "kind of operation")
    }
}

/// Names a worker, for people.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "worker's name")
    }
}
