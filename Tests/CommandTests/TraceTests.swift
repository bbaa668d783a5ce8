import Testing

@testable import CisternClient
@testable import cistern

@Suite("Traces")
struct TraceTests {
    private func change(_ line: String, run: String? = nil) throws -> Change {
        try TraceLine.change(Array(line.utf8)[...], number: 3, run: run)
    }

    @Test("A line is a change with its id, kind and patch, numbers as written")
    func line() throws {
        let change = try change(
            #"{"type":"application/json-patch+json","id":"c1","change":[{"op":"add","path":"/a","value":1.00}]}"#)
        #expect(change.id == "c1")
        #expect(change.kind == .jsonPatch)
        #expect(change.patch == #"[{"op":"add","path":"/a","value":1.00}]"#)
        #expect(try self.change(#"{"type":"application/json","id":"c1","change":null}"#).kind == .mergePatch)
    }

    @Test("A run's name stands before the id")
    func run() throws {
        #expect(try change(#"{"type":"application/json","id":"c~1","change":1}"#, run: "second").id == "second.c~1")
    }

    @Test(
        "A line that is no change is an error with its number",
        arguments: [
            "x", "{}", #"{"id":1,"type":"application/json","change":1}"#, #"{"id":"a","type":"text/plain","change":1}"#,
            #"{"id":"a","change":1}"#, #"{"id":"a","type":"application/json"}"#, "[]",
        ])
    func bad(line: String) {
        let failure = #expect(throws: Failure.self) { try change(line) }
        #expect(failure?.status == .data)
        #expect(failure?.message.hasPrefix("Line 3 ") == true)
    }

    @Test("Lines are the same wherever the bytes are divided")
    func splitting() throws {
        let text = Array("one\r\n\n  \ntwo\nthree".utf8)
        for first in 0...text.count {
            for second in first...text.count {
                var splitter = LineSplitter(source: "the trace")
                var lines: [String] = []
                for piece in [text[..<first], text[first..<second], text[second...]] {
                    lines += try splitter.take(Array(piece)).map {
                        "\($0.number) \(String(decoding: $0.line, as: UTF8.self))"
                    }
                }
                lines += splitter.finish().map { "\($0.number) \(String(decoding: $0.line, as: UTF8.self))" }
                #expect(lines == ["1 one", "4 two", "5 three"])
            }
        }
    }

    @Test("A line without end is refused before it fills the memory")
    func endlessLine() throws {
        var splitter = LineSplitter(source: "the trace")
        let piece = [UInt8](repeating: 0x61, count: LineSplitter.maximumBytes)
        _ = try splitter.take(piece)
        #expect(throws: Failure.self) { _ = try splitter.take([0x61]) }
    }

    @Test("Batches hold all changes in order, at most so many and so many bytes")
    func batches() {
        let big = JSONText(String(repeating: "x", count: Batching.maximumBytes / 2))
        let patches: [JSONText] = ["1", "2", "3", "4", big, big, "5"]
        var batching = Batching(size: 3)
        var batches: [[String]] = []
        for (index, patch) in patches.enumerated() {
            if let batch = batching.add(Change(id: "c\(index)", .mergePatch, patch)) { batches.append(batch.map(\.id)) }
        }
        batches.append(batching.finish().map(\.id))
        #expect(batches == [["c0", "c1", "c2"], ["c3", "c4"], ["c5", "c6"]])
        #expect(batching.finish().isEmpty)
        var single = Batching(size: 1)
        #expect(single.add(Change(id: "a", .mergePatch, "1"))?.count == 1)
    }
}

@Suite("What a poller has a right to")
struct PollCheckTests {
    private func check(_ states: [(String, String, JSONText)]) async throws -> PollCheck {
        var check = PollCheck()
        for (version, position, json) in states { check.observe(try await state(version, position, json)) }
        return check
    }

    /// States come out of answers only.
    private func state(_ version: String, _ position: String, _ json: JSONText) async throws -> State {
        let version = try #require(Version(version))
        let position = try #require(Position(position))
        return State(version: version, position: position, json: json, next: .zero)
    }

    @Test("Versions and positions that go up are fine, across epochs too")
    func fine() async throws {
        var check = try await check([
            ("e-1", "e-1", "1"), ("e-1", "e-2", "1"), ("e-5", "e-5", "2"), ("f-1", "f-1", "3"),
        ])
        check.observeUnchanged(at: Position("f-2"))
        #expect(check.violation == nil)
        #expect(check.versionsSeen == 3)
        #expect(check.polls == 5)
    }

    @Test("Going down, going back to an epoch, and two states under one version are violations")
    func violations() async throws {
        #expect(
            try await check([("e-5", "e-5", "1"), ("e-4", "e-5", "1")]).violation?.contains("version e-5 to e-4")
                == true)
        #expect(
            try await check([("e-5", "e-6", "1"), ("e-5", "e-5", "1")]).violation?.contains("position e-6 to e-5")
                == true)
        #expect(
            try await check([("e-5", "e-5", "1"), ("f-1", "f-1", "1"), ("e-6", "e-6", "1")]).violation?.contains(
                "epoch") == true)
        #expect(
            try await check([("e-5", "e-5", "1"), ("e-5", "e-5", "2")]).violation?.contains("two different") == true)
        var check = try await check([("e-5", "e-5", "1")])
        check.observeUnchanged(at: Position("e-4"))
        #expect(check.violation != nil)
    }
}
