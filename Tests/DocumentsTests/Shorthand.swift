import Documents

/// A document from its text.
func json(_ text: String) throws -> Document {
    try Document(parsing: Array(text.utf8))
}

func patch(_ text: String, _ kind: PatchKind) throws -> Patch {
    try Patch(parsing: Array(text.utf8), kind: kind)
}

/// What a patch makes of a document.
func applying(
    _ patchText: String, _ kind: PatchKind, to text: String, time: UInt64 = 0, limits: DocumentLimits = .standard
) throws -> String {
    var document = try json(text)
    try document.apply(try patch(patchText, kind), time: time, limits: limits)
    return document.text
}

/// The failure of a patch, after a look that the document and its encoding are untouched; nil if it was applied.
func failure(
    of patchText: String, _ kind: PatchKind, on text: String, limits: DocumentLimits = .standard
) throws -> PatchFailure? {
    var document = try json(text)
    let before = document.encodeAndRemember()
    let patch = try patch(patchText, kind)
    do throws(PatchFailure) {
        try document.apply(patch, time: 0, limits: limits)
        return nil
    } catch {
        let after = document.encodeAndRemember()
        return after == before && document.encodedCount == before.count ? error : nil
    }
}

/// Why a text is refused, nil if it is accepted.
func parsingError(_ bytes: [UInt8], limits: ParsingLimits = .standard) -> ParsingError? {
    do throws(ParsingError) {
        _ = try Document(parsing: bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

func parsingError(_ text: String) -> ParsingError? { parsingError(Array(text.utf8)) }

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
