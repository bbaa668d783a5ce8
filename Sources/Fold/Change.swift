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
        self.body = patch.document.encoded()
        self.digest = ChangeDigest(kind: patch.kind, precondition: precondition, patch: patch.document)
    }
}

/// Tells a repeat from another change under the same id: 128 bits of SHA-256 over kind, precondition and JSON value.
package struct ChangeDigest: Hashable, Sendable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package let description: String

    package init(kind: PatchKind, precondition: Precondition, patch: Document) {
        var hash = SHA256()
        hash.update(data: Array("\(kind.code) \(precondition)\n".utf8))
        hash.update(data: patch.normalized())
        self.init(hash.finalize().prefix(16))
    }

    /// Stands for the digest of a log entry that nobody can read.
    static let unknown = ChangeDigest(repeatElement(0, count: 16))

    private init(_ bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        description = String(decoding: text, as: UTF8.self)
    }

    /// Nil unless `text` is 32 hexadecimal digits in lower case.
    package init?(_ text: String) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ Identifier.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else { return nil }
        description = text
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

    init?(code: Substring) {
        switch code {
        case "m": self = .mergePatch
        case "j": self = .jsonPatch
        case "c": self = .cisternPatch
        default: return nil
        }
    }
}
