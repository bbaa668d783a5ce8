import CisternClient
import Documents
import Testing

@testable import cistern

@Suite("A state as changes that make it")
struct StatePieceTests {
    private func rebuilt(_ pieces: StatePieces) throws -> Document {
        var document = try Document(parsing: Array(#"{"old":1}"#.utf8))
        for patch in pieces.patches {
            try document.apply(try Patch(parsing: patch, kind: .jsonPatch), time: 0, limits: .standard)
        }
        return document
    }

    @Test("Whatever the state, the pieces make exactly it, each within the limit", arguments: [60, 100, 300, 100_000])
    func rebuilding(limit: Int) throws {
        for text in [
            "{}", "[]", "7", "\"text\"", "null", #"{"a":{"b":[1,2,{"c":"d"}],"~":1,"/":{"":2}},"é":[[],{}]}"#,
            "[\((0..<40).map { "{\"n\":\($0),\"é/~\":[\($0).0,1e2]}" }.joined(separator: ","))]",
        ] {
            let state = try Document(parsing: Array(text.utf8))
            let pieces = try StatePieces(state, limit: limit)
            #expect(try rebuilt(pieces).encoded() == state.encoded())
            if limit < 1_000 { #expect(pieces.patches.allSatisfy { $0.count <= limit + 10 }) }
        }
    }

    @Test("A value that fits into no change is named")
    func tooLarge() throws {
        let state = try Document(parsing: Array(#"{"a":{"b":"\#(String(repeating: "x", count: 200))"}}"#.utf8))
        #expect(throws: Failure.self) { try StatePieces(state, limit: 100) }
    }

    @Test("The ids are the same for the same, and others for anything else")
    func ids() throws {
        func ids(
            _ app: String, _ state: String, epoch: String = "e", position: Int = 1, replacing: Bool = false,
            run: String? = nil
        ) throws -> [String] {
            let document = try Document(parsing: Array(state.utf8))
            return try StatePieces(document).changes(
                of: ExportedApplication(app: app, epoch: epoch, version: 1, position: position, state: document),
                replacing: replacing, run: run
            ).map(\.id)
        }
        let one = try ids("a", #"{"x":1}"#)
        #expect(try ids("a", #"{"x":1}"#) == one)
        for other in [
            try ids("b", #"{"x":1}"#), try ids("a", #"{"x":2}"#), try ids("a", #"{"x":1}"#, epoch: "f"),
            try ids("a", #"{"x":1}"#, position: 2), try ids("a", #"{"x":1}"#, replacing: true),
            try ids("a", #"{"x":1}"#, run: "2"),
        ] {
            #expect(other != one)
        }
    }
}

@Suite("The lines of an export")
struct ExportLineTests {
    private func line(_ text: String) throws -> ExportLine { try ExportLine(Array(text.utf8)[...], number: 3) }

    @Test("What it writes it reads")
    func roundTrip() throws {
        guard case .header = try line(ExportLine.headerText) else { throw Failure(.failed, "no header") }
        guard case .end(7) = try line(ExportLine.endText(7)) else { throw Failure(.failed, "no end") }
    }

    @Test(
        "What is no line of an export is refused",
        arguments: [
            "{}", "[]", "{", #"{"cistern_export":2}"#, #"{"app":"a","epoch":"e","position":1,"version":1}"#,
            #"{"app":"../x","epoch":"e","position":1,"state":{},"version":1}"#,
        ])
    func refused(text: String) {
        #expect(throws: Failure.self) { try line(text) }
    }

    @Test("An export without its last line, or with fewer lines than that says, is not whole")
    func whole() throws {
        let application = try line(#"{"app":"a","epoch":"e","position":1,"state":{},"version":1}"#)
        var tally = ImportTally()
        #expect(throws: Failure.self) { try tally.take(application, 1) }
        _ = try tally.take(.header, 1)
        _ = try tally.take(application, 2)
        #expect(tally.failure?.status == .data)
        _ = try tally.take(.end(2), 3)
        #expect(tally.failure?.status == .data)
        _ = try tally.take(.end(1), 3)
        #expect(tally.failure == nil)
        tally.note("a", .exists)
        #expect(tally.failure?.status == .failed)
    }

    @Test("An import in which an application was not brought ends badly, whatever the reason; what is there does not")
    func outcomes() throws {
        func failure(_ outcome: Import.Outcome) throws -> Failure? {
            var tally = ImportTally()
            _ = try tally.take(.end(0), 1)
            tally.note("a", outcome)
            return tally.failure
        }
        for outcome in [Import.Outcome.exists, .changedSince, .failed("gone")] {
            #expect(try failure(outcome)?.status == .failed, "\(outcome)")
        }
        for outcome in [Import.Outcome.imported, .wasThere] { #expect(try failure(outcome) == nil, "\(outcome)") }
    }

    @Test("However many applications fail, twenty are told of, and all are counted")
    func complaints() {
        var tally = ImportTally()
        for number in 0..<30 { tally.note("app-\(number)", .failed("gone")) }
        #expect(tally.summary.split(separator: "\n").count == 21)
        #expect(tally.summary.contains("30 failed"))
    }
}
