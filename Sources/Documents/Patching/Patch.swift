// A change, completely validated: what is wrong with a patch in itself is found here, what does not fit the document it
// meets is found by Document.apply.

/// A valid patch of one kind.
package struct Patch: Sendable {
    package let kind: PatchKind
    /// The patch as JSON, for digests and for passing it on.
    package let document: Document
    let content: Content

    enum Content: Sendable {
        /// The document itself.
        case merge
        case operations([Operation])
    }

    package init(parsing bytes: [UInt8], kind: PatchKind, limits: ParsingLimits = .standard) throws(PatchError) {
        try self.init(parsing: bytes.span, kind: kind, limits: limits)
    }

    package init(parsing bytes: Span<UInt8>, kind: PatchKind, limits: ParsingLimits = .standard) throws(PatchError) {
        let document: Document
        do {
            document = try Document(parsing: bytes, limits: limits)
        } catch {
            throw .malformedJSON(error)
        }
        try self.init(document, kind: kind)
    }

    /// Every JSON value is a merge patch; the other kinds are arrays of operations.
    package init(_ document: Document, kind: PatchKind) throws(PatchError) {
        self.kind = kind
        self.document = document
        switch kind {
        case .mergePatch:
            content = .merge
        case .jsonPatch:
            content = .operations(try Patch.operations(document.root, extended: false))
        case .cisternPatch:
            content = .operations(try Patch.operations(document.root, extended: true))
        }
    }

    private static func operations(_ value: Value, extended: Bool) throws(PatchError) -> [Operation] {
        guard case .array(let node) = value else {
            throw .invalidPatch(pointer: .root, message: "a JSON Patch is an array of operations")
        }
        var operations: [Operation] = []
        operations.reserveCapacity(node.contents.count)
        for element in node.contents.inOrder {
            let reader = OperationReader(value: element.value, index: operations.count)
            operations.append(try reader.read(extended: extended))
        }
        return operations
    }
}
