import Documents
import Testing

@Suite("What is no patch") struct PatchSyntaxTests {
    @Test(
        "It is refused with the place in the patch",
        arguments: [
            ("{}", "", "a JSON Patch is an array of operations"),
            ("[1]", "/0", "an operation is an object"),
            (#"[{"op":"remove","path":"/a"},{}]"#, "/1", "the operation has no member \"op\""),
            (#"[{"op":1,"path":""}]"#, "/0/op", "\"op\" has to be a string"),
            (#"[{"op":"add"}]"#, "/0", "the operation has no member \"path\""),
            (#"[{"op":"add","path":"/a"}]"#, "/0", "the operation has no member \"value\""),
            (#"[{"op":"replace","path":"/a"}]"#, "/0", "the operation has no member \"value\""),
            (#"[{"op":"test","path":"/a"}]"#, "/0", "the operation has no member \"value\""),
            (#"[{"op":"move","path":"/a"}]"#, "/0", "the operation has no member \"from\""),
            (#"[{"op":"copy","path":"/a","from":null}]"#, "/0/from", "\"from\" has to be a string"),
            (#"[{"op":"remove","path":"a"}]"#, "/0/path", "a JSON Pointer is empty or begins with /"),
            (
                #"[{"op":"copy","path":"/a","from":"/~x"}]"#, "/0/from",
                "in a JSON Pointer, ~ is written ~0 and / in a name ~1"
            ),
            (#"[{"op":"move","from":"/a","path":"/a/b"}]"#, "/0/from", "a value cannot be moved into itself"),
            (#"[{"op":"move","from":"","path":"/a"}]"#, "/0/from", "a value cannot be moved into itself"),
            (#"[{"op":"Add","path":"","value":1}]"#, "/0/op", "there is no operation \"Add\""),
            (
                #"[{"op":"increment","path":"/a","value":1}]"#, "/0/op",
                "the operation \"increment\" is not part of RFC 6902, but of application/vnd.cistern.patch+json"
            ),
        ])
    func jsonPatch(_ text: String, _ pointer: String, _ message: String) throws {
        let pointer = try JSONPointer(parsing: pointer)
        #expect(throws: PatchError.invalidPatch(pointer: pointer, message: message)) { try patch(text, .jsonPatch) }
    }

    @Test(
        "Operands of the wrong kind are refused before anything is applied",
        arguments: [
            ("increment", "\"1\"", "number"), ("min", "null", "number"), ("max", "[]", "number"),
            ("union", "1", "array"), ("subtract", "{}", "array"),
        ])
    func cisternPatch(_ operation: String, _ value: String, _ kind: String) throws {
        let error = PatchError.invalidPatch(
            pointer: JSONPointer(["0", "value"]),
            message: "\"value\" has to be a\(kind == "array" ? "n" : "") \(kind) for this operation")
        #expect(throws: error) { try patch(#"[{"op":"\#(operation)","path":"/a","value":\#(value)}]"#, .cisternPatch) }
    }

    @Test("Every operation is known to the kinds it belongs to, also with its name in escapes")
    func operations() throws {
        #expect(try applying(#"[{"\u006fp":"\u0061dd","path":"\/a","value":1}]"#, .jsonPatch, to: "{}") == #"{"a":1}"#)
        for operation in ["remove", "timestamp"] {
            _ = try patch(#"[{"op":"\#(operation)","path":"/a"}]"#, .cisternPatch)
        }
    }

    @Test("Malformed JSON comes with its byte, whatever the kind", arguments: PatchKind.allCases)
    func malformed(_ kind: PatchKind) {
        #expect(throws: PatchError.malformedJSON(ParsingError(offset: 4, reason: .trailingBytes))) {
            try patch("[]  ,x", kind)
        }
    }

    @Test("Errors and failures read as sentences")
    func descriptions() throws {
        let failed = try failure(of: #"[{"op":"test","path":"/a b","value":1}]"#, .jsonPatch, on: #"{"a b":2}"#)
        #expect(failed?.description == #"operation 0: the test of "/a b" found another value"#)
        #expect(failed?.slug == "test-failed")
        let long = repeated("x", 1_000_000)
        #expect(PatchFailure(.pathNotFound, pointer: JSONPointer([long])).message.utf8.count < 200)
        #expect((parsingError("{\"\(long)\":1,\"\(long)\":2}")?.message.utf8.count ?? 0) < 200)
        #expect(PatchFailure(.stateTooLarge).description == "the state would become too large")
        #expect(Set(PatchFailure.Reason.allCases.map(\.rawValue)).count == 8)
        #expect(throws: PatchError.self) { try patch("1", .jsonPatch) }
    }
}
