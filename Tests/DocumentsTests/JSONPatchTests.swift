import Documents
import Testing

@Suite("JSON Patch") struct JSONPatchTests {
    @Test(
        "The examples of RFC 6902, appendix A, that succeed",
        arguments: [
            ("A.1", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
            (
                "A.2", #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                #"{"foo":["bar","qux","baz"]}"#
            ),
            ("A.3", #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
            ("A.4", #"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
            (
                "A.5", #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                #"{"baz":"boo","foo":"bar"}"#
            ),
            (
                "A.6", #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
            ),
            (
                "A.7", #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                #"{"foo":["all","cows","eat","grass"]}"#
            ),
            (
                "A.8", #"{"baz":"qux","foo":["a",2,"c"]}"#,
                #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
                #"{"baz":"qux","foo":["a",2,"c"]}"#
            ),
            (
                "A.10", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                #"{"child":{"grandchild":{}},"foo":"bar"}"#
            ),
            (
                "A.11", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
                #"{"baz":"qux","foo":"bar"}"#
            ),
            ("A.14", #"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
            (
                "A.16", #"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                #"{"foo":["bar",["abc","def"]]}"#
            ),
        ])
    func examples(_ name: String, _ document: String, _ patch: String, _ result: String) throws {
        #expect(try applying(patch, .jsonPatch, to: document) == result, "\(name)")
    }

    @Test(
        "The examples of RFC 6902, appendix A, that fail",
        arguments: [
            ("A.9", #"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, .testFailed),
            ("A.12", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, .pathNotFound),
            ("A.15", #"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, .testFailed),
        ] as [(String, String, String, PatchFailure.Reason)])
    func failures(_ name: String, _ document: String, _ patch: String, _ reason: PatchFailure.Reason) throws {
        #expect(try failure(of: patch, .jsonPatch, on: document)?.reason == reason, "\(name)")
    }

    @Test("A.13: an operation with two ops is not even JSON here")
    func duplicateMember() {
        let text = #"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#
        #expect(throws: PatchError.malformedJSON(ParsingError(offset: 41, reason: .duplicateMember("op")))) {
            try patch(text, .jsonPatch)
        }
    }

    @Test(
        "The whole document",
        arguments: [
            (#"[{"op":"add","path":"","value":[1]}]"#, "[1]"),
            (#"[{"op":"replace","path":"","value":"x"}]"#, #""x""#),
            (#"[{"op":"remove","path":""}]"#, "null"),
            (#"[{"op":"move","from":"/a","path":""}]"#, #"{"b":1}"#),
            (#"[{"op":"copy","from":"","path":"/a/c"}]"#, #"{"a":{"b":1,"c":{"a":{"b":1}}}}"#),
            (#"[{"op":"test","path":"","value":{"a":{"b":1.0}}}]"#, #"{"a":{"b":1}}"#),
            (#"[{"op":"replace","path":"","value":{}},{"op":"add","path":"/x","value":1}]"#, #"{"x":1}"#),
            (#"[{"op":"move","from":"","path":""}]"#, #"{"a":{"b":1}}"#),
            ("[]", #"{"a":{"b":1}}"#),
        ])
    func wholeDocument(_ patch: String, _ result: String) throws {
        #expect(try applying(patch, .jsonPatch, to: #"{"a":{"b":1}}"#) == result)
    }

    @Test(
        "Paths that lead nowhere, and which operation found out",
        arguments: [
            (
                #"[{"op":"test","path":"/a","value":[1,2]},{"op":"add","path":"/a/3","value":1}]"#, 1, "/a/3",
                .pathNotFound
            ),
            (#"[{"op":"add","path":"/a/01","value":1}]"#, 0, "/a/01", .pathNotFound),
            (#"[{"op":"add","path":"/a/x","value":1}]"#, 0, "/a/x", .pathNotFound),
            (#"[{"op":"remove","path":"/a/-"}]"#, 0, "/a/-", .pathNotFound),
            (#"[{"op":"replace","path":"/x","value":1}]"#, 0, "/x", .pathNotFound),
            (#"[{"op":"remove","path":"/b/c"}]"#, 0, "/b/c", .pathNotFound),
            (#"[{"op":"remove","path":"/b"},{"op":"copy","from":"/b","path":"/c"}]"#, 1, "/b", .pathNotFound),
            (#"[{"op":"test","path":"/x","value":null}]"#, 0, "/x", .pathNotFound),
            (#"[{"op":"move","from":"/a","path":"/b/c"}]"#, 0, "/b/c", .pathNotFound),
            (
                #"[{"op":"replace","path":"","value":1},{"op":"remove","path":""},{"op":"test","path":"","value":1}]"#,
                2, "", .testFailed
            ),
        ] as [(String, Int, String, PatchFailure.Reason)])
    func nowhere(_ patch: String, _ operation: Int, _ path: String, _ reason: PatchFailure.Reason) throws {
        let failed = try failure(of: patch, .jsonPatch, on: #"{"a":[1,2],"b":"c"}"#)
        #expect(failed == PatchFailure(reason, operation: operation, pointer: try JSONPointer(parsing: path)))
    }

    @Test("A patch that fails at its end leaves every byte of the document")
    func atomicity() throws {
        let document = "{" + (0..<300).map { "\"k\($0)\":[\($0),{\"x\":\"\\u0061\"}]" }.joined(separator: ",") + "}"
        var operations: [String] = []
        for index in 0..<300 {
            switch index % 6 {
            case 0: operations.append(#"{"op":"remove","path":"/k\#(index)"}"#)
            case 1: operations.append(#"{"op":"move","from":"/k\#(index)","path":"/k\#(index + 1)/1/y"}"#)
            case 2: operations.append(#"{"op":"add","path":"/k\#(index)/0","value":{"n":[]}}"#)
            case 3: operations.append(#"{"op":"copy","from":"/k\#(index)/1","path":"/c\#(index)"}"#)
            case 4: operations.append(#"{"op":"replace","path":"/k\#(index)","value":null}"#)
            default: operations.append(#"{"op":"increment","path":"/k\#(index)/0","value":1.5}"#)
            }
        }
        let good = "[" + operations.joined(separator: ",") + "]"
        #expect(try failure(of: good, .cisternPatch, on: document) == nil)
        operations.append(#"{"op":"replace","path":"","value":{"k0":1}}"#)
        operations.append(#"{"op":"test","path":"/nothing","value":0}"#)
        let bad = "[" + operations.joined(separator: ",") + "]"
        #expect(try failure(of: bad, .cisternPatch, on: document)?.operation == 301)
    }

    @Test("Depth and size are checked after every operation")
    func limits() throws {
        let limits = DocumentLimits(maximumBytes: 40, maximumDepth: 3)
        #expect(
            try failure(
                of: #"[{"op":"add","path":"/a/b","value":[[]]}]"#, .jsonPatch, on: #"{"a":{}}"#, limits: limits)?.reason
                == .tooDeep)
        #expect(
            try applying(#"[{"op":"add","path":"/a/b","value":[]}]"#, .jsonPatch, to: #"{"a":{}}"#, limits: limits)
                == #"{"a":{"b":[]}}"#)
        #expect(
            try failure(
                of: #"[{"op":"copy","from":"/a","path":"/a/x"}]"#, .jsonPatch, on: #"{"a":{"b":[]}}"#, limits: limits)?
                .reason == .tooDeep)
        let large = repeated("x", 36)
        let patch = #"[{"op":"add","path":"/b","value":"\#(large)"},{"op":"remove","path":"/b"}]"#
        #expect(
            try failure(of: patch, .jsonPatch, on: "{}", limits: limits)
                == PatchFailure(.stateTooLarge, operation: 0, pointer: JSONPointer(["b"])))
    }

    @Test("Moving around in an array counts positions after the removal")
    func moves() throws {
        #expect(try applying(#"[{"op":"move","from":"/0","path":"/2"}]"#, .jsonPatch, to: "[1,2,3]") == "[2,3,1]")
        #expect(try applying(#"[{"op":"move","from":"/2","path":"/0"}]"#, .jsonPatch, to: "[1,2,3]") == "[3,1,2]")
        #expect(try applying(#"[{"op":"move","from":"/0","path":"/-"}]"#, .jsonPatch, to: "[1,2,3]") == "[2,3,1]")
        #expect(
            try failure(of: #"[{"op":"move","from":"/0","path":"/3"}]"#, .jsonPatch, on: "[1,2,3]")?.reason
                == .pathNotFound)
        #expect(try applying(#"[{"op":"move","from":"/1","path":"/1"}]"#, .jsonPatch, to: "[1,2,3]") == "[1,2,3]")
    }
}
