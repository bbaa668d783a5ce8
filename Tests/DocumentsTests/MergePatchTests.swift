import Documents
import Testing

@Suite("Merge patch") struct MergePatchTests {
    @Test(
        "The examples of RFC 7396, appendix A",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
            (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
            (#"{"a":"foo"}"#, #"null"#, #"null"#),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
            (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func examples(_ document: String, _ patch: String, _ result: String) throws {
        #expect(try applying(patch, .mergePatch, to: document) == result)
    }

    @Test(
        "More",
        arguments: [
            // The example of section 3, in canonical order.
            (
                #"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"}"#,
                #"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#,
                #"{"author":{"givenName":"John"},"content":"This will be unchanged","phoneNumber":"+01-123-456-7890","tags":["example"],"title":"Hello!"}"#
            ),
            // Nulls inside of arrays stay, and members that only look alike are others.
            (#"{"a":1}"#, #"{"a":[null,{"b":null}],"\u0061\u0061":2}"#, #"{"a":[null,{"b":null}],"aa":2}"#),
            (#"{"a":1.0}"#, #"{"a":1.00}"#, #"{"a":1.00}"#),
            (#"{"a":{"b":1}}"#, #"{"a":{}}"#, #"{"a":{"b":1}}"#),
            (#"{"a":1}"#, #"{"a":{}}"#, #"{"a":{}}"#),
            (#"{"a":1}"#, #"{"\u0061":{"x":{"y":null,"z":0}}}"#, #"{"a":{"x":{"z":0}}}"#),
        ])
    func more(_ document: String, _ patch: String, _ result: String) throws {
        #expect(try applying(patch, .mergePatch, to: document) == result)
    }

    @Test("A state may be as large as the limit, and not one byte larger")
    func size() throws {
        let limits = DocumentLimits(maximumBytes: 20)
        #expect(try applying(#"{"b":"123456"}"#, .mergePatch, to: #"{"a":1}"#, limits: limits).utf8.count == 20)
        let failed = try failure(of: #"{"b":"1234567"}"#, .mergePatch, on: #"{"a":1}"#, limits: limits)
        #expect(failed == PatchFailure(.stateTooLarge))
        #expect(failed?.operation == nil && failed?.pointer == nil)
        // Room that the same patch makes counts.
        #expect(
            try applying(#"{"a":null,"b":"123456"}"#, .mergePatch, to: #"{"a":"1234567890"}"#, limits: limits)
                == #"{"b":"123456"}"#)
    }

    @Test("A patch may be nested as deep as the limit, wherever it is merged")
    func depth() throws {
        let limits = DocumentLimits(maximumDepth: 3)
        #expect(try applying(#"{"a":{"b":{}}}"#, .mergePatch, to: "{}", limits: limits) == #"{"a":{"b":{}}}"#)
        #expect(
            try failure(of: #"{"a":{"b":[[]]}}"#, .mergePatch, on: #"{"a":{"b":1}}"#, limits: limits)?.reason
                == .tooDeep)
        #expect(try applying(#"{"a":{"b":{"c":null}}}"#, .mergePatch, to: "{}", limits: limits) == #"{"a":{"b":{}}}"#)
    }
}
