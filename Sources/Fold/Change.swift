import Crypto
package import Documents

/// A change as its sender meant it: an id, a patch, and what has to be true for it to be applied.
package struct Change: Sendable {
    package let id: ChangeID
    package let kind: PatchKind
    package let precondition: Precondition
    /// The patch in canonical JSON.
    package let body: [UInt8]
    /// Of the patch's value, so that white space, the order of members and the spelling of numbers do not make a repeat look like
    /// another change.
    package let digest: ChangeDigest

    /// Takes a patch from somebody else's memory, which is only read during the call.
    ///
    /// - Throws: what is wrong with the patch.
    package init(
        id: ChangeID, precondition: Precondition, kind: PatchKind, parsing bytes: Span<UInt8>
    ) throws(PatchError) {
        let patch: Document
        do { patch = try Document(parsing: bytes) } catch { throw .malformedJSON(error) }
        try self.init(id: id, precondition: precondition, kind: kind, patch: patch)
    }

    /// - Throws: ``PatchError/invalidPatch(pointer:message:)`` if `patch` is JSON, but no patch of its kind.
    package init(
        id: ChangeID, precondition: Precondition, kind: PatchKind, patch: Document
    ) throws(PatchError) {
        switch kind {
        case .mergePatch: break
        case .jsonPatch, .cisternPatch: _ = try Patch(patch, kind: kind)
        }
        self.id = id
        self.kind = kind
        self.precondition = precondition
        let body = patch.encoded()
        self.body = body
        self.digest = ChangeDigest(
            kind: kind, precondition: precondition, normalized: patch.isNormalized ? body : patch.normalized())
    }
}

/// Tells a repeat from another change under the same id: 128 bits of SHA-256 over kind, precondition and JSON value.
package struct ChangeDigest: Hashable, Sendable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package let description: String

    package init(kind: PatchKind, precondition: Precondition, patch: Document) {
        self.init(kind: kind, precondition: precondition, normalized: patch.normalized())
    }

    fileprivate init(kind: PatchKind, precondition: Precondition, normalized patch: [UInt8]) {
        var head = String(kind.code) + " " + precondition.description + "\n"
        var hash = SHA256()
        head.withUTF8 { unsafe hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        unsafe patch.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        description = unsafe hash.finalize().withUnsafeBytes { unsafe Self.text($0) }
    }

    /// Stands for the digest of a log entry that nobody can read.
    static let unknown = ChangeDigest(valid: String(repeating: "0", count: bytes))

    /// The first half of a hash in hexadecimal digits.
    private static func text(_ hash: UnsafeRawBufferPointer) -> String {
        func digit(_ half: UInt8) -> UInt8 { half + (half < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
        return unsafe String(unsafeUninitializedCapacity: bytes) { text in
            for index in 0..<bytes / 2 {
                unsafe text[2 * index] = digit(hash[index] >> 4)
                unsafe text[2 * index + 1] = digit(hash[index] & 15)
            }
            return bytes
        }
    }

    /// Nil unless `text` is 32 hexadecimal digits in lower case.
    package init?(_ text: String) {
        guard Self.isValid(Array(text.utf8).span) else { return nil }
        description = text
    }

    /// - Parameter text: has been found valid.
    init(valid text: String) {
        description = text
    }

    /// In text.
    static let bytes = 32

    static func isValid(_ text: Span<UInt8>) -> Bool {
        guard text.count == bytes else { return false }
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): continue
            case _: return false
            }
        }
        return true
    }
}

extension PatchKind {
    /// One letter, for log entries and digests.
    package var code: Character {
        switch self {
        case .mergePatch: "m"
        case .jsonPatch: "j"
        case .cisternPatch: "c"
        }
    }

    init?(code: Span<UInt8>) {
        guard code.count == 1 else { return nil }
        switch code[0] {
        case UInt8(ascii: "m"): self = .mergePatch
        case UInt8(ascii: "j"): self = .jsonPatch
        case UInt8(ascii: "c"): self = .cisternPatch
        case _: return nil
        }
    }
}
