import Documents
import Testing

@Suite("Documents") struct DocumentTests {
    @Test("A document that is built reads like one that was parsed")
    func building() throws {
        let built = Document.object([
            ("z", .array([.integer(1), .bool(true), .null, .integer(UInt64.max)])),
            ("a\"\n", .string("x\u{1}\"\\/é")),
            ("e", .emptyObject),
            ("z", .string("the last one counts")),
        ])
        #expect(built.text == #"{"a\"\n":"x\u0001\"\\/é","e":{},"z":"the last one counts"}"#)
        #expect(try json(built.text) == built)
        #expect(Document.array([]).text == "[]")
    }

    @Test("Members, elements, kinds and what they hold")
    func reading() throws {
        let document = try json(
            #"{"b":[10,2.0,1e3,1.5,12345678901234567890,-9223372036854775808],"s":"\u0061","t":true,"n":null}"#)
        #expect(document.kind == .object && document.count == 4)
        #expect(document.members.map(\.name) == ["b", "n", "s", "t"])
        #expect(document["b"]?.elements.map(\.integerValue) == [10, 2, 1_000, nil, nil, Int.min])
        #expect(document["b"]?[1]?.numberSpelling == "2.0")
        #expect(document["b"]?[6] == nil && document["b"]?[-1] == nil)
        #expect(document["s"]?.stringValue == "a")
        #expect(document["t"]?.boolValue == true)
        #expect(document["n"]?.isNull == true)
        #expect(document["missing"] == nil && document["s"]?["x"] == nil && document["s"]?[0] == nil)
        #expect(document["s"]?.elements.map(\.kind) == [] && document["s"]?.members.map(\.name) == [])
        #expect(document.depth == 2 && document["t"]?.depth == 0 && Document.emptyObject.depth == 1)
    }

    @Test("Names are looked up by bytes: é in two spellings of Unicode are two names")
    func bytes() throws {
        let document = try json(#"{"é":1,"e\u0301":2}"#)
        #expect(document.count == 2)
        #expect(document["\u{E9}"]?.integerValue == 1)
        #expect(document["e\u{301}"]?.integerValue == 2)
        #expect(try json("\"\u{E9}\"") != json("\"e\u{301}\""))
    }

    @Test(
        "Equal by value, and then with the same normal form",
        arguments: [
            ("1", "1.0"), ("1", "1e0"), ("100", "1e2"), ("0", "-0"), ("0", "0e999999999999999999999999"),
            ("0.001", "1E-3"), ("-1.50", "-15e-1"), ("1e1000000000000000000000", "10e999999999999999999999"),
            ("1e-99999999999999999999999", "0.1e-99999999999999999999998"),
            ("1e99999999999999999", "0.1e100000000000000000"),
            (#""a""#, #""\u0061""#), (#""/""#, #""\/""#), (#""\n""#, #""\u000A""#), (#""😀""#, #""\ud83d\uDE00""#),
            (#"{"a":1,"b":[2]}"#, #"{"b":[2.0],"\u0061":1}"#), ("[]", " [ ] "), ("{}", "{ }"),
        ])
    func equal(_ a: String, _ b: String) throws {
        #expect(try json(a) == json(b))
        #expect(try json(a).normalized() == json(b).normalized())
        #expect(try Document(parsing: json(a).normalized()) == json(b))
    }

    @Test(
        "Different, and then with different normal forms",
        arguments: [
            ("1", "2"), ("1", "-1"), ("1", "10"), ("1e1000000000000000000000", "1e1000000000000000000001"),
            ("1e5", "1e-5"), ("0", "1e-999999999999999999999"), ("1", "\"1\""), ("null", "0"), ("null", "false"),
            ("true", "false"),
            ("[]", "{}"), ("[1,2]", "[2,1]"), ("[1]", "[1,1]"), (#"{"a":1}"#, #"{"b":1}"#),
            (#"{"a":1}"#, #"{"a":1,"b":1}"#),
            (#""a""#, #""A""#), (#""a""#, #""a\u0000""#), ("0.1", "0.10000000000000000000000000000000000001"),
        ])
    func different(_ a: String, _ b: String) throws {
        #expect(try json(a) != json(b))
        #expect(try json(a).normalized() != json(b).normalized())
    }

    @Test("A copy does not change with the original, nor its encoding")
    func copies() throws {
        var original = try json(#"{"a":{"b":[1,2,3]},"c":"d"}"#)
        _ = original.encodeAndRemember()
        var copy = original
        try copy.apply(try patch(#"[{"op":"add","path":"/a/b/1","value":9}]"#, .jsonPatch), time: 0)
        try original.apply(try patch(#"{"a":{"b":null}}"#, .mergePatch), time: 0)
        #expect(copy.encodeAndRemember() == Array(#"{"a":{"b":[1,9,2,3]},"c":"d"}"#.utf8))
        #expect(original.encodeAndRemember() == Array(#"{"a":{},"c":"d"}"#.utf8))
        var bytes = Array("x=".utf8)
        copy.encode(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"x={"a":{"b":[1,9,2,3]},"c":"d"}"#)
    }
}
