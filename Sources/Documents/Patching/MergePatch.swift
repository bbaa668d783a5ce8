// RFC 7396. A merge patch is applied as it is read: it is bytes, found valid when it was made, and never a tree.

/// A merge patch, completely validated.
struct MergePatch: Sendable {
    /// Strict JSON in canonical order and without white space.
    private let text: ArraySlice<UInt8>
    /// How deep its containers are nested.
    let height: Int

    /// Bytes; its canonical encoding has no more.
    var count: Int { text.count }

    /// Keeps a text that is in canonical order, as every one in a log is, without a copy; others are put in order first.
    init(parsing text: ArraySlice<UInt8>, limits: ParsingLimits) throws(ParsingError) {
        if let height = Parser.height(ofOrdered: text.span, limits: limits) {
            self.init(text, height: height)
        } else {
            self.init(try Document(parsing: text.span, limits: limits))
        }
    }

    /// Every JSON value is a merge patch.
    init(_ document: Document) {
        self.init(document.encoded()[...], height: document.depth)
    }

    private init(_ text: ArraySlice<UInt8>, height: Int) {
        self.text = text
        self.height = height
    }

    /// Whether it merges members into an object; otherwise it stands for the whole value.
    var isObject: Bool { text.first == UInt8(ascii: "{") }

    /// The patch as a tree, for those who have to look at it rather than apply it.
    var root: Value {
        (try? Document(parsing: text.span, limits: ParsingLimits(depth: ParsingLimits.maximumDepth)))?.root ?? .null
    }

    /// Merges the patch into a value, whatever size and depth that gets.
    func apply(to value: inout Value) {
        var reader = MergeReader()
        reader.merge(text.span, into: &value)
    }
}
