import Documents
import Foundation
import Testing

@Suite("json-patch-tests") struct JSONPatchConformanceTests {
    @Test("Every enabled case comes out as it should", .enabled(if: ForeignData.hasConformance, "no conformance data"))
    func everyCase() throws {
        let file = try #require(ForeignData.conformance).appending(path: "json-patch/tests.json")
        var cases = 0
        var disabled = 0
        for text in records(try ForeignData.bytes(file)) {
            let name = String(decoding: text.prefix(120), as: UTF8.self)
            guard let record = try? Document(parsing: text) else {
                // The one with a member that is there twice, which is disabled because most parsers cannot see it.
                if case .duplicateMember("op")? = parsingError(text)?.reason {
                    disabled += 1
                } else {
                    Issue.record("\(name): \(String(describing: parsingError(text)))")
                }
                continue
            }
            guard let patchDocument = record["patch"], var document = record["doc"] else { continue }
            // Two cases are disabled because of others' limits. They work here.
            if record["disabled"] == nil { cases += 1 } else { disabled += 1 }
            let before = document.encoded()
            do {
                let patch = try Patch(patchDocument, kind: .jsonPatch)
                try document.apply(patch, time: 0)
                #expect(record["error"] == nil, "\(name)")
                if let expected = record["expected"] { #expect(document == expected, "\(name)") }
            } catch {
                #expect(record["error"] != nil, "\(name): \(error)")
                #expect(document.encoded() == before, "\(name)")
            }
        }
        #expect(cases == 92)
        #expect(disabled == 3)
        print("json-patch-tests: \(cases) enabled cases, and \(disabled) disabled ones")
    }

    /// The objects in an array, cut out by their braces, so that one that cannot be parsed leaves the others alone.
    private func records(_ bytes: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var (depth, start, isInString, isEscaped) = (0, 0, false, false)
        for (index, byte) in bytes.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else {
                    isInString = byte != UInt8(ascii: "\"")
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if depth == 1 { start = index }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 1 { records.append(Array(bytes[start...index])) }
            default: break
            }
        }
        return records
    }
}
