// A change, completely validated: what is wrong with a patch in itself is found here, what does not fit the document it
// meets is found by Document.apply.

/// A valid patch of one kind.
package struct Patch: Sendable {
    package let kind: PatchKind
    let content: Content

    enum Content: Sendable {
        case merge(MergePatch)
        case operations([Operation])
    }

    package init(parsing bytes: [UInt8], kind: PatchKind, limits: ParsingLimits = .standard) throws(PatchError) {
        try self.init(parsing: bytes[...], kind: kind, limits: limits)
    }

    /// A merge patch goes on sharing the bytes.
    package init(
        parsing bytes: ArraySlice<UInt8>, kind: PatchKind, limits: ParsingLimits = .standard
    ) throws(PatchError) {
        switch kind {
        case .mergePatch:
            do { self.init(try MergePatch(parsing: bytes, limits: limits)) } catch { throw .malformedJSON(error) }
        case .jsonPatch, .cisternPatch:
            let document: Document
            do { document = try Document(parsing: bytes.span, limits: limits) } catch { throw .malformedJSON(error) }
            try self.init(document, kind: kind)
        }
    }

    private init(_ patch: MergePatch) {
        kind = .mergePatch
        content = .merge(patch)
    }

    /// Every JSON value is a merge patch; the other kinds are arrays of operations.
    package init(_ document: Document, kind: PatchKind) throws(PatchError) {
        self.kind = kind
        switch kind {
        case .mergePatch:
            content = .merge(MergePatch(document))
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
