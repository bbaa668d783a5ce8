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

    package init(id: ChangeID, precondition: Precondition, patch: Patch) {
        self.id = id
        self.kind = patch.kind
        self.precondition = precondition
        let body = patch.document.encoded()
        self.body = body
        self.digest = ChangeDigest(
            kind: patch.kind, precondition: precondition,
            normalized: patch.document.isNormalized ? body : patch.document.normalized())
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
        var hash = SHA256()
        hash.update(data: Array("\(kind.code) \(precondition)\n".utf8))
        hash.update(data: patch)
        self.init(unsafe hash.finalize().withUnsafeBytes { unsafe Array($0.prefix(16)) })
    }

    /// Stands for the digest of a log entry that nobody can read.
    static let unknown = ChangeDigest([UInt8](repeating: 0, count: 16))

    private init(_ hash: [UInt8]) {
        func digit(_ half: UInt8) -> UInt8 { half + (half < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
        var text: [UInt8] = []
        text.reserveCapacity(2 * hash.count)
        for byte in hash {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        description = String(decoding: text, as: UTF8.self)
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
