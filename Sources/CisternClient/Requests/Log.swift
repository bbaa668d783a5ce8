// What is still in an application's log, change by change.

import Documents
import Fold
import NIOHTTP1

/// A change as it stands in the log, and what became of it.
public struct LoggedChange: Sendable, Hashable {
    /// Nil if the entry cannot be read.
    public let id: String?
    /// Its place in the log.
    public let position: UInt64
    /// The same with its epoch; nil if the entry cannot be read.
    public let receipt: Position?
    public let outcome: Acknowledgement.Outcome
    public let kind: Change.Kind?
    public let patch: JSONText?
    /// When it was appended: RFC 3339, UTC.
    public let time: String?
    /// The server's own words.
    public let json: JSONText
}

/// Some changes that follow each other in the log.
public struct LogPage: Sendable, Hashable {
    public let changes: [LoggedChange]
    /// After which position there are more; nil if these are the last ones.
    public let next: UInt64?
}

extension Application {
    /// Changes that are still in the log, in order. Those that are folded in leave it after a while.
    ///
    /// - Parameters:
    ///   - position: only those behind it, in the present epoch.
    ///   - limit: at most so many, 1,000 or fewer.
    /// - Throws: ``CisternError/refused(_:)``; with `unknown-app` if nothing was ever pushed to it.
    public func changes(after position: UInt64 = 0, limit: Int = 100) async throws(CisternError) -> LogPage {
        try await log("after=\(position)&limit=\(limit)")
    }

    /// The changes that were pushed last, in order. Of those that have left the log only ``LoggedChange/id``, ``LoggedChange/position`` and
    /// ``LoggedChange/outcome`` are known, and those of which nothing is known any more are missing.
    ///
    /// - Parameter count: 64 at most.
    /// - Throws: ``CisternError/refused(_:)``; with `unknown-app` if nothing was ever pushed to it.
    public func latestChanges(_ count: Int = 64) async throws(CisternError) -> [LoggedChange] {
        try await log("latest=\(count)").changes
    }

    private func log(_ query: String) async throws(CisternError) -> LogPage {
        let answer = try await client.transport.send(
            Request(method: .GET, path: "\(path)/changes?\(query)"), to: client.url)
        guard answer.status == 200 else { throw AnswerReading.failure(answer) }
        return try AnswerReading.log(answer)
    }
}

extension AnswerReading {
    fileprivate static func log(_ answer: Answer) throws(CisternError) -> LogPage {
        let document = try document(answer)
        guard let list = document["changes"], list.kind == .array else {
            throw unexpected(answer, "it has no list of changes")
        }
        let changes = list.elements.compactMap(change)
        guard changes.count == list.count else { throw unexpected(answer, "it does not describe its changes") }
        return LogPage(
            changes: changes, next: document["next"]?.integerValue.flatMap { UInt64(exactly: $0) })
    }

    private static func change(_ document: Document) -> LoggedChange? {
        guard let position = document["position"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let outcome = outcome(document)
        else { return nil }
        return LoggedChange(
            id: document["id"]?.stringValue, position: position,
            receipt: document["receipt"]?.stringValue.flatMap { Position($0) }, outcome: outcome,
            kind: document["type"]?.stringValue.flatMap { Change.Kind(rawValue: $0) },
            patch: document["change"].map { JSONText(bytes: $0.encoded()) }, time: document["time"]?.stringValue,
            json: JSONText(bytes: document.encoded()))
    }
}
