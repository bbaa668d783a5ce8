// From what a script answers to values; see document() in common.lua for the order of the fields.

import ChangeLog
import Documents
import Fold
import Operations
import Redis

extension OperationDocument {
    init(_ fields: [RESPValue], of name: OperationName) throws(RedisError) {
        let fields = FieldReading(fields)
        guard let status = OperationStatus(rawValue: try fields.text(0)),
            let kind = try? OperationKind(try fields.text(1))
        else { throw FieldReading.unreadable }
        let expires = try fields.number(9)
        let mediaType = try fields.text(12)
        self.init(
            application: name.application, id: name.id, status: status, kind: kind, created: try fields.number(2),
            updated: try fields.number(3), attempt: Int(clamping: try fields.number(4)),
            attempts: Int(clamping: try fields.number(5)), priority: Int(clamping: try fields.number(6)),
            isCancelRequested: try fields.text(7) == "1", notBefore: try fields.number(8),
            expires: expires > 0 ? expires : nil, progress: try fields.json(10), error: try fields.json(11),
            result: mediaType.isEmpty
                ? nil : Result(mediaType: mediaType, digest: ContentDigest(base64: try fields.text(13))),
            place: try fields.json(15)?.stringValue, revision: try fields.text(14), now: try fields.number(16))
    }
}

extension ClaimedOperation {
    /// As `take` in claim.lua gives it.
    init(_ item: RESPValue) throws(RedisError) {
        guard let parts = item.array, parts.count == 7, let document = parts[6].array else {
            throw FieldReading.unreadable
        }
        let fields = FieldReading(parts)
        guard let application = try? ApplicationID(try fields.text(0)), let id = try? OperationID(try fields.text(1))
        else { throw FieldReading.unreadable }
        self.document = try OperationDocument(document, of: OperationName(id, of: application))
        token = try fields.text(2)
        leaseEnd = try fields.number(3)
        input = parts[4].bytes ?? []
        checkpoint = parts[5].bytes ?? []
    }
}

extension ScriptAnswer {
    func bytes(_ index: Int) throws(RedisError) -> [UInt8] {
        guard let bytes = try self[index].bytes else { throw FieldReading.unreadable }
        return bytes
    }
}

/// The fields of a hash as a script hands them on: text, empty for what is not there.
struct FieldReading {
    private let fields: [RESPValue]

    static let unreadable = RedisError.unexpectedReply(
        "the fields of an operation are not those that its scripts write")

    init(_ fields: [RESPValue]) { self.fields = fields }

    func text(_ index: Int) throws(RedisError) -> String {
        guard index < fields.count, let text = fields[index].string else { throw Self.unreadable }
        return text
    }

    /// 0 for what is not there.
    func number(_ index: Int) throws(RedisError) -> UInt64 {
        let text = try text(index)
        if text.isEmpty { return 0 }
        guard let number = UInt64(text) else { throw Self.unreadable }
        return number
    }

    func json(_ index: Int) throws(RedisError) -> Document? {
        let text = try text(index)
        if text.isEmpty { return nil }
        do { return try Document(parsing: Array(text.utf8)) } catch { throw Self.unreadable }
    }
}
