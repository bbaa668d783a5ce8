import Documents
import Testing

@Suite("Differences") struct DifferenceTests {
    @Test(
        "What they look like",
        arguments: [
            ("{}", "{}", "{}", "[]"),
            (#"{"a":1}"#, #"{"a":2}"#, #"{"a":2}"#, #"[{"op":"replace","path":"/a","value":2}]"#),
            (
                #"{"a":1,"b":{"c":1,"d":2,"e":"something long enough"}}"#,
                #"{"b":{"c":3,"e":"something long enough"},"f":0}"#, #"{"a":null,"b":{"c":3,"d":null},"f":0}"#, nil
            ),
            // By spelling: whoever applies it has the same bytes.
            (#"{"a":1}"#, #"{"a":1.0}"#, #"{"a":1.0}"#, #"[{"op":"replace","path":"/a","value":1.0}]"#),
            (
                #"{"a/b":{"~":1},"x":"so long that it is not replaced as a whole"}"#,
                #"{"a/b":{"~":2},"x":"so long that it is not replaced as a whole"}"#, #"{"a/b":{"~":2}}"#, nil
            ),
            ("[1]", "{}", "{}", #"[{"op":"replace","path":"","value":{}}]"#),
            ("{}", "null", "null", #"[{"op":"replace","path":"","value":null}]"#),
            ("1", "1", "1", "[]"),
        ] as [(String, String, String, String?)])
    func examples(_ old: String, _ new: String, _ mergePatch: String, _ jsonPatch: String?) throws {
        let (old, new) = (try json(old), try json(new))
        #expect(Document.mergePatch(from: old, to: new)?.text == mergePatch)
        if let jsonPatch { #expect(Document.jsonPatch(from: old, to: new).text == jsonPatch) }
    }

    @Test(
        "What a merge patch cannot say",
        arguments: [
            (#"{"a":1}"#, #"{"a":null}"#), ("{}", #"{"a":null}"#), ("{}", #"{"a":{"b":null}}"#), ("[]", #"{"a":null}"#),
            (#"{"a":1}"#, #"{"a":{"b":{"c":null}}}"#),
        ])
    func inexpressible(_ old: String, _ new: String) throws {
        #expect(Document.mergePatch(from: try json(old), to: try json(new)) == nil)
    }

    @Test("A null that stays where it is needs no saying, and one in an array can be said")
    func nulls() throws {
        #expect(
            Document.mergePatch(from: try json(#"{"a":null,"b":1}"#), to: try json(#"{"a":null,"b":2}"#))?.text
                == #"{"b":2}"#)
        #expect(
            Document.mergePatch(from: try json("{}"), to: try json(#"{"a":[null,{"b":null}]}"#))?.text
                == #"{"a":[null,{"b":null}]}"#)
    }

    @Test(
        "Arrays differ by what is between the common ends",
        arguments: [
            ("[0,1,2,3,4,5,6,7,8,9]", "[0,1,2,3,4,6,7,8,9]", ["remove /l/5"]),
            ("[0,1,2,3,4,5,6,7,8,9]", "[0,1,2,3,4,99,5,6,7,8,9]", ["add /l/5"]),
            ("[0,1,2,3,4,5,6,7,8,9]", "[9,0,1,2,3,4,5,6,7,8,9]", ["add /l/0"]),
            ("[0,1,2,3,4,5,6,7,8,9]", "[0,1,2,3,4,5,6,7,8,9,10,11]", ["add /l/10", "add /l/11"]),
            ("[0,1,2,3,4,5,6,7,8,9]", "[0,1,2,3,4,5,6,7]", ["remove /l/9", "remove /l/8"]),
            ("[0,1,2,3,4,5,6,7,8,9]", "[0,1,2,3,44,5,6,7,8,9]", ["replace /l/4"]),
            (#"[{"a":[1]},2,3]"#, #"[{"a":[2]},2,3]"#, ["replace /l/0/a/0"]),
        ])
    func arrays(_ old: String, _ new: String, _ operations: [String]) throws {
        // Something long in every element, so that the array is not replaced as a whole.
        let padding = "\"" + repeated("x", 200) + "\""
        let widen = { (text: String) in try json("{\"l\":\(text),\"p\":\(padding)}") }
        let difference = Document.jsonPatch(from: try widen(wide(old)), to: try widen(wide(new)))
        #expect(
            difference.elements.map { "\($0["op"]?.stringValue ?? "") \($0["path"]?.stringValue ?? "")" } == operations)
    }

    /// The same array with each number spelled so long that nothing is shorter than single operations.
    private func wide(_ text: String) -> String {
        text.replacing(/\d+/) { "\($0.output).\(repeated("0", 80))" }
    }

    @Test(
        "A difference in nested arrays of different lengths is found without going through all of them again and again")
    func nestedAlignments() throws {
        let bottom = "[" + (0..<20_000).map(String.init).joined(separator: ",")
        let old = try json(repeated("[", 100) + bottom + "]" + repeated("]", 100))
        let new = try json(repeated("[", 100) + bottom + ",0]" + repeated(",1]", 100))
        let difference = Document.jsonPatch(from: old, to: new)
        var patched = old
        try patched.apply(Patch(difference, kind: .jsonPatch), time: 0)
        #expect(patched.isSpelledLike(new))
    }

    @Test("One change in a large document is found by what both share")
    func shared() throws {
        let text = "{" + (0..<50_000).map { "\"k\($0)\":[\($0)]" }.joined(separator: ",") + "}"
        let old = try json(text)
        var new = old
        try new.apply(try patch(#"{"k4711":[0],"k123456":null,"new":1}"#, .mergePatch), time: 0)
        #expect(Document.mergePatch(from: old, to: new)?.text == #"{"k4711":[0],"new":1}"#)
        #expect(Document.jsonPatch(from: old, to: new).count == 2)
    }
}
