// Applying a patch: whole or not at all, and with the same outcome for everybody who applies it to the same document.

extension Document {
    /// Applies a patch. If it fails, the document and its encoding are what they were.
    ///
    /// The outcome depends on nothing but the document, the patch and the parameters.
    /// - Parameter time: milliseconds since 1970 in UTC, for `timestamp`; when the change was appended.
    package mutating func apply(
        _ patch: Patch, time: UInt64, limits: DocumentLimits = .standard
    ) throws(PatchFailure) {
        switch patch.content {
        case .merge(let patch):
            try merge(patch, limits: limits)
        case .operations(let operations):
            var application = Application(editor: Editor(root), time: time, limits: limits)
            // From here on the editor holds the only reference, so that it can edit in place.
            root = .null
            let failure = application.run(operations)
            root = application.editor.root
            if let failure { throw failure }
            if application.editor.isRootReplaced { baseline = [] }
        }
    }

    private mutating func merge(_ patch: MergePatch, limits: DocumentLimits) throws(PatchFailure) {
        // The result is never longer than both together and never deeper than the deeper one. Only where that is not
        // good enough, a reference to the old value is kept, which makes the merge copy the nodes it changes.
        let isSurelyFine =
            encodedCount + patch.count <= limits.maximumBytes && max(depth, patch.height) <= limits.maximumDepth
        let old = isSurelyFine ? nil : self
        if !(patch.isObject && root.isObject) { baseline = [] }
        patch.apply(to: &root)
        guard let old else { return }
        let failure: PatchFailure? =
            if encodedCount > limits.maximumBytes { PatchFailure(.stateTooLarge) } else if depth > limits.maximumDepth {
                PatchFailure(.tooDeep)
            } else { nil }
        if let failure {
            self = old
            throw failure
        }
    }
}
