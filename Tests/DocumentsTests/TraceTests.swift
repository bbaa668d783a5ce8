import Documents
import Foundation
import Testing

@Suite("Recorded changes") struct TraceTests {
    @Test(
        "Folding a trace gives the last version of the file",
        .enabled(if: ForeignData.hasTraces, "no traces"),
        arguments: ["bullmq-package", "pouchdb-package", "deepstream-lock", "svix-openapi"])
    func fold(_ name: String) throws {
        let folder = try #require(ForeignData.traces)
        let lines = try ForeignData.bytes(folder.appending(path: "\(name).ndjson")).split(separator: UInt8(ascii: "\n"))
        var state = Document.emptyObject
        for line in lines {
            let record = try Document(parsing: Array(line), limits: ParsingLimits(depth: 130))
            let kind: PatchKind =
                record["type"]?.stringValue == "application/merge-patch+json" ? .mergePatch : .jsonPatch
            let before = state
            try state.apply(Patch(try #require(record["change"]), kind: kind), time: 0)
            let bytes = state.encodeAndRemember()
            #expect(bytes.count == state.encodedCount)
            var copy = before
            try copy.apply(Patch(Document.jsonPatch(from: before, to: state), kind: .jsonPatch), time: 0)
            #expect(copy.isSpelledLike(state))
            if let difference = Document.mergePatch(from: before, to: state) {
                copy = before
                try copy.apply(Patch(difference, kind: .mergePatch), time: 0)
                #expect(copy.isSpelledLike(state))
            }
        }
        let expected = try Document(parsing: try ForeignData.bytes(folder.appending(path: "\(name).final.json")))
        #expect(state == expected)
        #expect(state.encodeAndRemember() == (try Document(parsing: state.encoded())).encoded())
        print("\(name): \(lines.count) changes")
    }
}
