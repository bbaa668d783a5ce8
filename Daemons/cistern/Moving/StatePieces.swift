// A state as changes that make it. One is enough unless the state is larger than a change may be; then it is built from the outside in.

import CisternClient
import Crypto
import Documents

struct StatePieces {
    /// Bytes of a patch. Below the server's 1 MiB by more than an operation has round its value.
    static let largestPatch = 1_000_000
    /// Bytes that an operation has beside its path and its value.
    private static let operationBytes = 40

    /// Patches (RFC 6902), to be applied in this order. The first one replaces whatever is there.
    private(set) var patches: [[UInt8]] = []
    private var operations: [Document] = []
    private var bytes = 0

    /// - Throws: if a single value is too large for any change.
    init(_ state: Document, limit: Int = largestPatch) throws(Failure) {
        try add(state, at: "", limit: limit)
        flush()
    }

    private mutating func add(_ value: Document, at path: String, limit: Int) throws(Failure) {
        let size = value.encodedCount + path.utf8.count + Self.operationBytes
        if size <= limit { return append(value, at: path, bytes: size, limit: limit) }
        switch value.kind {
        case .object:
            append(.emptyObject, at: path, bytes: path.utf8.count + Self.operationBytes, limit: limit)
            for member in value.members {
                let name = member.name.replacing("~", with: "~0").replacing("/", with: "~1")
                try add(member.value, at: path + "/" + name, limit: limit)
            }
        case .array:
            append(.array([]), at: path, bytes: path.utf8.count + Self.operationBytes, limit: limit)
            for (index, element) in value.elements.enumerated() {
                try add(element, at: "\(path)/\(index)", limit: limit)
            }
        case .null, .bool, .number, .string:
            throw Failure(
                .data,
                "The value at “\(Wording.cut(path, to: 80))” has \(Wording.bytes(size)), more than a change may have.")
        }
    }

    private mutating func append(_ value: Document, at path: String, bytes size: Int, limit: Int) {
        if bytes + size > limit { flush() }
        operations.append(.object([("op", .string("add")), ("path", .string(path)), ("value", value)]))
        bytes += size
    }

    private mutating func flush() {
        guard !operations.isEmpty else { return }
        patches.append(Document.array(operations).encoded())
        (operations, bytes) = ([], 0)
    }

    /// The changes, under ids that are the same whenever the same is imported: what is sent again is recognised.
    ///
    /// - Parameters:
    ///   - replacing: whether something may be there already.
    ///   - run: makes other ids.
    func changes(of application: ExportedApplication, replacing: Bool, run: String?) -> [Change] {
        var hash = SHA256()
        for part in [application.app, application.epoch, "\(application.position)", run ?? ""] {
            hash.update(data: Array("\(part.utf8.count) \(part) ".utf8))
        }
        for patch in patches { hash.update(data: patch) }
        let digest = hash.finalize().prefix(12).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return patches.enumerated().map { number, patch in
            Change(
                id: "import-\(digest)\(replacing ? "r" : "")-\(number + 1)", .jsonPatch, JSONText(bytes: patch),
                if: number == 0 && !replacing ? .isNew : nil)
        }
    }
}
