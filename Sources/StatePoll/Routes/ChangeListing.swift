// The changes of one application with what became of them: those that are still in the log, page by page, or the latest, for which the
// published snapshot remembers how they ended after the log has been trimmed.

import ChangeLog
import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import SnapshotCache

struct ChangeListing {
    let application: ApplicationID
    let log: ChangeLog
    let cache: SnapshotCache

    /// Bytes of log entries in one answer.
    private static let bytes = 4 << 20

    /// Snapshots carry the records of so many changes at least, if there were as many.
    static let mostLatest = 64

    /// What stands in the log behind a position.
    func page(after: UInt64, limit: Int) async throws -> Response {
        do {
            guard let head = try await log.look(at: application) else { throw Problem.unknownApp(application) }
            let slice = try await read(head, after: after, limit: limit)
            let documents = try await documents(of: slice)
            var members: [(String, Document)] = [("changes", .array(documents))]
            let last = slice.from + UInt64(documents.count)
            if !documents.isEmpty, last < slice.tail { members.append(("next", .integer(last))) }
            return .json(.object(members), headers: [.cacheControl: "no-cache"])
        } catch let error as LogError {
            throw Problem(error)
        }
    }

    /// The last ones that were pushed, oldest first. Of those that are trimmed away, only id and outcome are known.
    func latest(_ count: Int) async throws -> Response {
        do {
            guard let head = try await log.look(at: application) else { throw Problem.unknownApp(application) }
            let first = head.tail - min(UInt64(count), head.tail)
            let slice = try await read(head, after: first, limit: count)
            let remembered = await remembered(after: first, upTo: slice.from, epoch: slice.epoch)
            return .json(
                .object([("changes", .array(remembered + (try await documents(of: slice))))]),
                headers: [.cacheControl: "no-cache"])
        } catch let error as LogError {
            throw Problem(error)
        }
    }

    /// From within the log: what was trimmed is not there any more, and what is not there yet is nothing.
    private func read(_ head: LogHead, after: UInt64, limit: Int) async throws -> LogSlice {
        let from = min(max(after, head.base), head.tail)
        let slice = try await log.read(
            application, after: PositionToken(epoch: head.epoch, number: from),
            bounds: ReadBounds(entries: limit, bytes: Self.bytes))
        guard let slice else { throw Problem.unknownApp(application) }
        return slice
    }

    private func documents(of slice: LogSlice) async throws -> [Document] {
        let listed = slice.entries.enumerated().map { offset, bytes in
            (position: slice.from + UInt64(offset) + 1, entry: LogEntry(bytes))
        }
        let named = listed.compactMap { element in element.entry.map { (id: $0.id, position: element.position) } }
        let rejections = zip(named, try await log.rejections(of: named, in: application))
        let reasons = Dictionary(
            rejections.compactMap { change, rejection in rejection.map { (change.position, $0) } },
            uniquingKeysWith: { first, _ in first })
        return listed.map { position, entry in
            Document.of(
                entry, at: PositionToken(epoch: slice.epoch, number: position), in: application, merged: slice.merged,
                rejection: reasons[position])
        }
    }

    /// What the snapshot says of changes behind `after`, up to where the log goes on. Without memcached nothing is remembered.
    private func remembered(after: UInt64, upTo end: UInt64, epoch: Epoch) async -> [Document] {
        guard end > after, let snapshot = try? await cache.find(application), snapshot.epoch == epoch,
            let records = try? snapshot.records().elements, UInt64(records.count) <= snapshot.position
        else { return [] }
        let before = snapshot.position - UInt64(records.count)
        return records.enumerated().compactMap { offset, record in
            let position = before + UInt64(offset) + 1
            guard position > after, position <= end else { return nil }
            let receipt = PositionToken(epoch: epoch, number: position)
            guard let id = record.id else { return .unreadable(at: receipt) }
            return .object(
                ChangeDocument(
                    application: application, id: id, receipt: receipt,
                    status: record.rejection.map { .rejected($0) } ?? .applied
                ).members)
        }
    }
}

extension Document {
    fileprivate static func unreadable(at receipt: PositionToken) -> Document {
        .object([
            ("position", .integer(receipt.number)), ("status", .string("rejected")),
            ("reason", Rejection(.unreadableEntry).problem.document),
        ])
    }

    fileprivate static func of(
        _ entry: LogEntry?, at receipt: PositionToken, in application: ApplicationID, merged: UInt64,
        rejection: Rejection?
    ) -> Document {
        guard let entry else { return .unreadable(at: receipt) }
        let status: ChangeStatus
        if let rejection {
            status = .rejected(rejection)
        } else {
            status = receipt.number <= merged ? .applied : .pending
        }
        var members = ChangeDocument(application: application, id: entry.id, receipt: receipt, status: status).members
        members.append(("type", .string(entry.kind.contentType.description)))
        members.append(("time", .string(RFC3339.string(milliseconds: entry.time))))
        if entry.condition != .none { members.append(("condition", .string(entry.condition.description))) }
        if let change = try? Document(parsing: entry.body.span) { members.append(("change", change)) }
        return .object(members)
    }
}
