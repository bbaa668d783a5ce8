// What servers say on an application's channel, in bytes:
//
//     version (1)  kind: 0 = question      server (8)
//     version (1)  kind: 1 = records       one or more of: id length (1), id, milliseconds (8), server (8),
//                                          remaining milliseconds (4), document length (4; 0 = gone), document
//
// Numbers are big-endian. Reading is strict: whoever may publish in Redis may write anything, and nothing but documents in canonical
// JSON of clients with well-formed ids gets into an answer.

import Documents
import Fold
import NIOCore

enum PresenceMessage: Hashable, Sendable {
    /// A server that has just begun to listen asks who is here.
    case question(server: UInt64)
    case records([PresenceRecord])

    private static let version: UInt8 = 1
    /// Bytes of one message: some hundred clients, and nothing that holds up a channel.
    static let usualBytes = 64 << 10
    /// Bytes of a record beside its document, with the longest id that its length can say.
    private static let mostFraming = 1 + 255 + 8 + 8 + 4 + 4

    /// One record more than usual may stand in a message.
    private static func maximumBytes(documentBytes: Int) -> Int { usualBytes + mostFraming + documentBytes }

    private enum Kind: UInt8 {
        case question = 0
        case records = 1
    }
}

extension PresenceMessage {
    var encoded: [UInt8] {
        var bytes = ByteBuffer()
        bytes.writeInteger(Self.version)
        switch self {
        case .question(let server):
            bytes.writeMultipleIntegers(Kind.question.rawValue, server)
        case .records(let records):
            bytes.writeInteger(Kind.records.rawValue)
            for record in records { bytes.write(record) }
        }
        return Array(buffer: bytes)
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ record: PresenceRecord) {
        let id = record.client.description
        writeInteger(UInt8(clamping: id.utf8.count))
        writeString(id)
        // What has less than a millisecond left still has something left.
        let remaining = min(max(record.remaining.milliseconds, 1), PresenceRecord.longestRemaining)
        writeMultipleIntegers(
            record.stamp.milliseconds, record.stamp.server, UInt32(clamping: remaining),
            UInt32(clamping: record.value?.count ?? 0))
        if let value = record.value { writeBytes(value) }
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

extension PresenceMessage {
    /// Nil for anything that no server of this version writes.
    ///
    /// - Parameter documentBytes: The longest document.
    init?(_ bytes: [UInt8], documentBytes: Int) {
        guard bytes.count <= Self.maximumBytes(documentBytes: documentBytes) else { return nil }
        var bytes = ByteBuffer(bytes: bytes)
        guard bytes.readInteger() == Self.version, let kind = bytes.readInteger().flatMap(Kind.init(rawValue:)) else {
            return nil
        }
        switch kind {
        case .question:
            guard let server = bytes.readInteger(as: UInt64.self), bytes.readableBytes == 0 else { return nil }
            self = .question(server: server)
        case .records:
            var records: [PresenceRecord] = []
            repeat {
                guard let record = bytes.readRecord(documentBytes: documentBytes) else { return nil }
                records.append(record)
            } while bytes.readableBytes > 0
            self = .records(records)
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func readRecord(documentBytes: Int) -> PresenceRecord? {
        guard let idLength = readInteger(as: UInt8.self), let id = readString(length: Int(idLength)),
            let client = try? ClientID(id),
            let (milliseconds, server, remaining, length) = readMultipleIntegers(
                as: (UInt64, UInt64, UInt32, UInt32).self),
            milliseconds <= PresenceStamp.latest, (1...PresenceRecord.longestRemaining).contains(Int(remaining)),
            length <= documentBytes, let document = readBytes(length: Int(length)),
            document.isEmpty || document.isCanonicalJSON
        else { return nil }
        return PresenceRecord(
            client: client, stamp: PresenceStamp(milliseconds: milliseconds, server: server),
            value: document.isEmpty ? nil : document, remaining: .milliseconds(Int(remaining)))
    }
}

extension [UInt8] {
    /// Equal documents have to be equal bytes, or servers would not have the same ETag.
    fileprivate var isCanonicalJSON: Bool { (try? Document(parsing: self))?.encoded() == self }
}
