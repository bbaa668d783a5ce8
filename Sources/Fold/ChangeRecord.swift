// What became of a change, as a snapshot carries it: enough to put the change's record back into a Redis that lost it.

/// The outcome of one position of the log.
package struct ChangeRecord: Hashable, Sendable {
    /// Nil if the list had something there that is no entry.
    package let id: ChangeID?
    package let digest: ChangeDigest
    /// Nil if the change was applied.
    package let rejection: Rejection?

    package init(id: ChangeID?, digest: ChangeDigest, rejection: Rejection?) {
        self.id = id
        self.digest = digest
        self.rejection = rejection
    }

    /// `<bytes of the rest> <id or -> <digest> <+ or rejection>\n`. The length comes first because a rejection ends in a JSON
    /// Pointer, in which any character may stand.
    fileprivate func encode(into bytes: inout [UInt8]) {
        let text = "\(id?.description ?? "-") \(digest) \(rejection?.description ?? "+")"
        bytes.append(contentsOf: "\(text.utf8.count) \(text)\n".utf8)
    }

    /// The same for a change that was applied, from its entry.
    fileprivate static func encodeApplied(_ entry: LogEntry, into bytes: inout [UInt8]) {
        let (id, digest) = (entry.idBytes, entry.digestBytes)
        bytes.append(contentsOf: String(id.count + digest.count + 3).utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: id)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: digest)
        bytes.append(contentsOf: " +\n".utf8)
    }

    fileprivate init?(_ text: Substring) {
        let fields = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3, let digest = ChangeDigest(String(fields[1])) else { return nil }
        if fields[0] == "-" {
            id = nil
        } else {
            guard let id = try? ChangeID(fields[0]) else { return nil }
            self.id = id
        }
        self.digest = digest
        if fields[2] == "+" {
            rejection = nil
        } else {
            guard let rejection = Rejection(String(fields[2])) else { return nil }
            self.rejection = rejection
        }
    }
}

/// What became of an entry when it was folded in.
package struct FoldOutcome: Sendable {
    /// Nil if the list had something there that is no entry.
    package let entry: LogEntry?
    /// Nil if the change was applied.
    package let rejection: Rejection?

    package var id: ChangeID? { entry?.id }
    package var digest: ChangeDigest { entry?.digest ?? .unknown }
    package var record: ChangeRecord { ChangeRecord(id: id, digest: digest, rejection: rejection) }
}

/// The records of consecutive positions, kept in the encoded form in which every snapshot carries them.
package struct ChangeRecords: Hashable, Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Of `bytes`: goes on with what is appended, and is rid of what is dropped.
    private(set) var checksum = Checksum()
    package var count: Int { lengths.count }
    /// The encoded length of each record, so that the oldest can be dropped without reading them.
    private var lengths: [Int] = []

    package init() {}

    package mutating func append(_ record: ChangeRecord) {
        append { record.encode(into: &$0) }
    }

    mutating func append(_ outcome: FoldOutcome) {
        if let entry = outcome.entry, outcome.rejection == nil {
            append { ChangeRecord.encodeApplied(entry, into: &$0) }
        } else {
            append(outcome.record)
        }
    }

    @inline(__always)
    private mutating func append(_ encode: (inout [UInt8]) -> Void) {
        let before = bytes.count
        encode(&bytes)
        lengths.append(bytes.count - before)
        checksum.update(bytes[before...])
    }

    /// Drops the oldest so that at most `count` remain.
    package mutating func keepLast(_ count: Int) {
        let surplus = lengths.count - max(0, count)
        guard surplus > 0 else { return }
        let dropped = lengths[..<surplus].reduce(0, +)
        checksum = checksum.behind(Checksum(bytes[..<dropped]), count: bytes.count - dropped)
        bytes.removeFirst(dropped)
        lengths.removeFirst(surplus)
    }

    /// All records, oldest first.
    package var elements: [ChangeRecord] {
        var records: [ChangeRecord] = []
        var start = 0
        for length in lengths {
            if let record = Self.record(in: bytes[start..<(start + length)])?.record { records.append(record) }
            start += length
        }
        return records
    }

    /// Nil unless `bytes` is a whole number of well-formed records.
    package init?(decoding bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            guard let (_, length) = Self.record(in: rest) else { return nil }
            lengths.append(length)
            rest = rest.dropFirst(length)
        }
        self.bytes = Array(bytes)
        checksum = Checksum(bytes)
    }

    /// Digits of a record's length: identifiers, digest and a bounded pointer stay below 1,000,000 bytes.
    private static let maximumLengthDigits = 6

    private static func record(in bytes: ArraySlice<UInt8>) -> (record: ChangeRecord, length: Int)? {
        guard let space = bytes.prefix(maximumLengthDigits + 1).firstIndex(of: UInt8(ascii: " ")),
            let length = canonicalNumber(String(decoding: bytes[..<space], as: UTF8.self)).map(Int.init),
            length > 0, bytes.endIndex - space > length + 1, bytes[space + length + 1] == UInt8(ascii: "\n")
        else { return nil }
        let text = String(decoding: bytes[(space + 1)...(space + length)], as: UTF8.self)
        return ChangeRecord(text[...]).map { ($0, space + length + 2 - bytes.startIndex) }
    }
}
