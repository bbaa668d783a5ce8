// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a string of RFC 8941 in quotes. Tokens without quotes, which many clients send,
// are the same string.

package import HTTPTypes

extension HTTPFields {
    /// The characters of the key.
    ///
    /// Throws ``ProblemKind/invalidIdempotencyKey`` if there is none, more than one, or one that is no string of so many characters.
    package func idempotencyKey(characters: ClosedRange<Int>) throws(Problem) -> String {
        let fields = self[values: .idempotencyKey]
        guard let field = fields.first else {
            throw Problem(.invalidIdempotencyKey, "The header field Idempotency-Key is missing.")
        }
        let text = HeaderGrammar.trim(field[...])
        guard fields.count == 1, let key = HeaderGrammar.value(text), text.first != "\"" || quoted(key) == text,
            characters.contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw Problem(
                .invalidIdempotencyKey,
                "Idempotency-Key is one string of \(characters.lowerBound) to \(characters.upperBound) characters of ASCII."
            )
        }
        return key
    }
}

/// As RFC 8941 §4.1.6 writes it: no other characters have a backslash in front.
private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}
