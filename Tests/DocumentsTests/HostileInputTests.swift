import Documents
import Foundation
import TestSupport
import Testing

/// Runs something on a thread with a small stack and hands back what it returns.
private func onSmallStack<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result(catching: body)) }
        thread.stackSize = 512 << 10
        thread.start()
    }
}

@Suite("Hostile input") struct HostileInputTests {
    @Test(
        "The deepest documents are parsed, compared, patched, encoded and released on 512 KiB of stack",
        arguments: ["[", "{\"a\":"])
    func depth(_ opening: String) async throws {
        let closing = opening == "[" ? "]" : "}"
        let text = repeated(opening, 128) + "1" + repeated(closing, 128)
        let count = try await onSmallStack {
            var document = try json(text)
            var copy = try json(text)
            _ = document.encodeAndRemember()
            #expect(document == copy && document.normalized() == copy.normalized() && document.isSpelledLike(copy))
            let pointer = repeated(opening == "[" ? "/0" : "/a", 128)
            try document.apply(try patch(#"[{"op":"replace","path":"\#(pointer)","value":2}]"#, .jsonPatch), time: 0)
            #expect(document.encodeAndRemember().count == text.utf8.count)
            #expect(Document.jsonPatch(from: copy, to: document).count == 1)
            try copy.apply(try patch(document.text, .mergePatch), time: 0)
            #expect(copy == document)
            let difference = Document.mergePatch(from: try json(text), to: document)
            #expect(difference != nil)
            let tooDeep = try patch(#"[{"op":"replace","path":"\#(pointer)","value":[]}]"#, .jsonPatch)
            #expect(throws: PatchFailure.self) { try document.apply(tooDeep, time: 0) }
            return document.depth
        }
        #expect(count == 128)
    }

    @Test("The largest depth there is does not blow half a megabyte of stack either")
    func maximumDepth() async throws {
        let depth = try await onSmallStack {
            let text = Array((repeated("[{\"a\":", 80) + "1" + repeated("}]", 80)).utf8)
            var document = try Document(parsing: text, limits: ParsingLimits(depth: ParsingLimits.maximumDepth))
            #expect(document.encodeAndRemember() == text)
            #expect(document.normalized() == text)
            return document.depth
        }
        #expect(depth == ParsingLimits.maximumDepth)
    }

    @Test("A million opening brackets end at the depth limit")
    func brackets() async throws {
        for text in [repeated("[", 1_000_000), repeated("{\"\":", 250_000), repeated("[{\"a\":", 170_000)] {
            let error = try await onSmallStack { parsingError(text) }
            #expect(error?.reason == .tooDeep(limit: 128))
        }
    }

    @Test("Strings of 1 MiB, plain, of escapes and as a name, come through")
    func longStrings() throws {
        let plain = repeated("é", 1 << 19)
        let escapes = repeated("\\u0061", 1 << 17)
        #expect(try json("\"\(plain)\"").stringValue == plain)
        #expect(try json("\"\(escapes)\"").stringValue == repeated("a", 1 << 17))
        let document = try json("{\"\(plain)\":1,\"\(escapes)\":2}")
        #expect(document[plain]?.integerValue == 1 && document.encodedCount == document.encoded().count)
        #expect(document[repeated("a", 1 << 17)]?.integerValue == 2)
    }

    @Test("Copies that double a document end at its size limit, without the memory for them")
    func doubling() throws {
        let operations = (0..<200).map { _ in #"{"op":"copy","from":"/a","path":"/a/-"}"# }.joined(separator: ",")
        let failed = try failure(of: "[\(operations)]", .jsonPatch, on: #"{"a":["\#(repeated("x", 1_000))"]}"#)
        #expect(failed?.reason == .stateTooLarge)
        #expect(failed?.operation == 12)
    }

    @Test("Thousands of searches through a large array run out of work, always at the same operation")
    func unions() throws {
        var state = Document.object([("a", .array((0..<500_000).map { .integer($0) }))])
        let operations = (0..<20_000).map { #"{"op":"union","path":"/a","value":[\#($0)]}"# }.joined(separator: ",")
        let patch = try patch("[\(operations)]", .cisternPatch)
        for _ in 0..<2 {
            #expect(throws: PatchFailure(.tooMuchWork, operation: 5, pointer: JSONPointer(["a"]))) {
                try state.apply(patch, time: 0)
            }
            #expect(state["a"]?.count == 500_000)
            state = try Document(parsing: state.encoded())
        }
    }

    @Test("Inserting at the front of a large array again and again is bounded and right")
    func frontInserts() throws {
        var state = Document.array((0..<200_000).map { .integer($0) })
        let operations = (0..<5_000).map { #"{"op":"add","path":"/0","value":\#($0)}"# }.joined(separator: ",")
        let patch = try patch("[\(operations)]", .jsonPatch)
        // 3,126 pieces and more are walked past by each, so 1,340 of them fit.
        #expect(throws: PatchFailure.self) { try state.apply(patch, time: 0) }
        #expect(state.count == 200_000 && state[0]?.integerValue == 0)
        try state.apply(patch, time: 0, limits: DocumentLimits(maximumWork: 1 << 30))
        #expect(state.count == 205_000 && state[0]?.integerValue == 4_999 && state[5_000]?.integerValue == 0)
        #expect(state.encodedCount == state.encoded().count)
    }

    @Test("An object of 100,000 members takes inserts, removals and replacements anywhere")
    func flatObject() throws {
        var random = SeededNumbers(seed: 1)
        var names = (0..<100_000).map { "n\($0)" }
        var state = Document.object(names.map { ($0, .integer(0)) })
        for round in 0..<300 {
            names.shuffle(using: &random)
            let changes =
                names.prefix(20).map { ($0, random.below(2) == 0 ? Document.null : .integer(round)) } + [
                    ("x\(round)", .bool(true))
                ]
            try state.apply(Patch(.object(changes), kind: .mergePatch), time: 0)
            if round % 50 == 0 { #expect(try Document(parsing: state.encodeAndRemember()).isSpelledLike(state)) }
        }
        #expect(state.encodedCount == state.encoded().count)
        // Emptied to almost nothing it is a small object again.
        let rest = state.members.dropFirst(3).map { ($0.name, Document.null) }
        try state.apply(Patch(.object(rest), kind: .mergePatch), time: 0)
        #expect(state.count == 3 && state.encodeAndRemember() == state.encoded())
    }

    @Test("Garbage is refused or survives a round trip, whatever bytes are changed")
    func mutations() throws {
        var random = SeededNumbers(seed: 7)
        for seed in 0..<300 {
            var generator = DocumentGenerator(seed: UInt64(seed))
            var bytes = Array(generator.text().utf8)
            for _ in 0...random.below(3) {
                switch random.below(3) {
                case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 1: bytes.insert(random.pick(Array("\"\\{}[],:0-eu".utf8)), at: random.below(bytes.count + 1))
                default: if bytes.count > 1 { bytes.remove(at: random.below(bytes.count)) }
                }
            }
            guard let document = try? Document(parsing: bytes) else { continue }
            #expect(try Document(parsing: document.encoded()) == document)
        }
    }
}
