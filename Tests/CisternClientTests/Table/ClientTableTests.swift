// Runs the table that all clients follow (Tests/ClientTable) against the rules of this one.

import Documents
import Foundation
import Testing

@testable import CisternClient

/// Where the module Fold, which has a `Change` too, is imported beside.
typealias ClientChange = Change

/// One row, told apart by its name.
struct TableRow: Sendable, CustomTestStringConvertible {
    let file: String
    let name: String
    let document: Document

    var testDescription: String { "\(file): \(name)" }

    /// All rows of all files.
    static let all: [TableRow] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../ClientTable")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().flatMap { file -> [TableRow] in
            guard let data = try? Data(contentsOf: folder.appending(path: file)),
                let table = try? Document(parsing: Array(data))
            else { return [TableRow(file: file, name: "cannot be read", document: .null)] }
            return table.elements.map { TableRow(file: file, name: $0["name"]?.stringValue ?? "?", document: $0) }
        }
    }()

    static let behaviour = all.filter { $0.document["events"] != nil }
    static let patches = all.filter { $0.document["events"] == nil }
}

@Suite("The table of what every client does")
struct ClientTableTests {
    @Test("It is there, and every row of it runs")
    func count() {
        print("\(TableRow.behaviour.count) rows of behaviour, \(TableRow.patches.count) of patches")
        #expect(TableRow.behaviour.count > 90 && TableRow.patches.count > 10)
    }

    @Test("Behaviour", arguments: TableRow.behaviour)
    func behaviour(_ row: TableRow) throws {
        let events = try #require(row.document["events"])
        let expectations = try #require(row.document["expect"])
        try #require(events.count == expectations.count, "one expectation for each event")
        var state = try TableState(row.document["given"] ?? .emptyObject).state
        for (event, expected) in zip(events.elements, expectations.elements) {
            let actions = state.step(try #require(TableEvent.event(event), "an event \(event.text)")).map(
                TableAction.document)
            let told = Comment(rawValue: "after \(event.text): \(Document.array(actions).text)")
            if let list = expected["actions"] {
                #expect(actions.count == list.count, told)
                for (action, part) in zip(actions, list.elements) {
                    #expect(action.contains(part), Comment(rawValue: "\(part.text) \(told)"))
                }
            }
            for part in (expected["among"] ?? .null).elements {
                #expect(actions.contains { $0.contains(part) }, Comment(rawValue: "\(part.text) \(told)"))
            }
            for part in (expected["without"] ?? .null).elements {
                #expect(!actions.contains { $0.contains(part) }, Comment(rawValue: "no \(part.text) \(told)"))
            }
            if let view = expected["view"] { #expect(state.view.value ?? .null == view, told) }
            if let pending = expected["pending"] {
                #expect(Document.array(state.queue.items.map { .string($0.tableText) }) == pending, told)
            }
            if let status = expected["status"] {
                let document = TableAction.document(state.status)
                #expect(document.contains(status), Comment(rawValue: "\(status.text) in \(document.text) \(told)"))
            }
            if let clients = expected["clients"] {
                #expect(TableAction.document(state.presence.clients) == clients, told)
            }
        }
    }

    /// 2026-01-02T03:04:05.678Z
    private static let now: UInt64 = 1_767_323_045_678

    @Test("Patches", arguments: TableRow.patches)
    func patch(_ row: TableRow) throws {
        var state = try #require(row.document["state"])
        let kind = try #require(row.document["type"]?.stringValue.flatMap { Change.Kind(rawValue: $0) })
        let patch = try Patch(try #require(row.document["change"]), kind: kind.patchKind)
        if let failure = row.document["failure"]?.stringValue {
            let thrown = #expect(throws: PatchFailure.self) { try state.apply(patch, time: Self.now) }
            #expect(thrown?.slug == failure)
        } else {
            try state.apply(patch, time: Self.now)
            #expect(state == row.document["result"], "\(state.text)")
        }
    }
}

extension Document {
    /// Whether everything that is named is there; lists have to be as long.
    func contains(_ part: Document) -> Bool {
        switch part.kind {
        case .object:
            return kind == .object && part.members.allSatisfy { name, inner in self[name]?.contains(inner) ?? false }
        case .array:
            return kind == .array && count == part.count && zip(elements, part.elements).allSatisfy { $0.contains($1) }
        case .null, .bool, .number, .string: return self == part
        }
    }
}

extension PendingChange {
    fileprivate var tableText: String {
        switch stage {
        case .fresh: "\(id) fresh"
        case .sent: "\(id) sent"
        case .acknowledged: "\(id) acknowledged"
        }
    }
}
