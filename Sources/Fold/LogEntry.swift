// An element of an application's Redis list:
//
//     1 <milliseconds since 1970> <change id> <m|j|c> <condition> <digest>\n<patch as JSON>
//
// The append script writes it: the time is the one clock a change may use, and every fold of the entry sees the same time.
// Text, because an operator looks at it with redis-cli when something is wrong.

package import Documents

package struct LogEntry: Sendable {
    /// The first field, so that another form can be told apart.
    static let format = "1"

    /// Milliseconds since 1970, by the clock of Redis, when the change was appended.
    package let time: UInt64
    package let id: ChangeID
    package let kind: PatchKind
    package let condition: FoldCondition
    package let digest: ChangeDigest
    package let body: ArraySlice<UInt8>

    /// Bytes. Two identifiers, a number and a time stay far below; more is not an entry of ours.
    private static let maximumHeaderBytes = 512

    /// Nil for anything that is not an entry: the fold records it as `unreadable-entry` and goes on.
    package init?(_ bytes: [UInt8]) {
        guard let end = bytes.prefix(Self.maximumHeaderBytes).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let fields = String(decoding: bytes[..<end], as: UTF8.self).split(
            separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields.count == 6, fields[0] == Self.format, let time = canonicalNumber(fields[1]),
            let id = try? ChangeID(fields[2]), let kind = PatchKind(code: fields[3]),
            let condition = FoldCondition(fields[4]), let digest = ChangeDigest(String(fields[5]))
        else { return nil }
        self.time = time
        self.id = id
        self.kind = kind
        self.condition = condition
        self.digest = digest
        self.body = bytes[(end + 1)...]
    }

    /// The bytes of an entry, as the append script writes them.
    package static func bytes(
        time: UInt64, id: ChangeID, kind: PatchKind, condition: FoldCondition, digest: ChangeDigest, body: [UInt8]
    ) -> [UInt8] {
        Array("\(format) \(time) \(id) \(kind.code) \(condition) \(digest)\n".utf8) + body
    }
}
