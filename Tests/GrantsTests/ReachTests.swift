import Documents
import Fold
import Grants
import Testing

/// Which changes a token for parts of a state may push, decided from the change alone.
@Suite("The reach of a change")
struct ReachTests {
    /// Where in the patch the first thing is that reaches outside; nil if nothing does.
    private func stray(_ patch: String, _ kind: PatchKind, parts: [String]) throws -> String? {
        let scopes = parts.map { "push:board#\($0)" }.joined(separator: " ")
        let change = try Change(
            id: ChangeID("c"), precondition: .none, kind: kind, parsing: Array(patch.utf8).span)
        let reach = try Grant(scopes).reach(.push, in: ApplicationID("board"))
        return reach.stray(of: change)?.pointer.description
    }

    @Test("A merge patch reaches the places where its members end")
    func mergePatches() throws {
        for (patch, parts, pointer) in [
            (#"{"a":{"b":1}}"#, ["/a/b"], nil), (#"{"a":{"b":{"x":null}}}"#, ["/a/b"], nil),
            (#"{"a":{"b":null}}"#, ["/a/b"], nil), (#"{"a":{"c":1}}"#, ["/a/b"], "/a/c"),
            (#"{"a":{"b":1,"bb":2}}"#, ["/a/b"], "/a/bb"), (#"{"a":1}"#, ["/a/b"], "/a"),
            (#"{"a":null}"#, ["/a/b"], "/a"), (#"{"a":[{"b":1}]}"#, ["/a/b"], "/a"),
            // An object without members makes an object of what it meets.
            (#"{"a":{}}"#, ["/a/b"], "/a"), ("{}", ["/a/b"], ""), ("1", ["/a"], ""), ("null", ["/a"], ""),
            (#"{"a":{"b":1},"c":2}"#, ["/a/b", "/c"], nil), (#"{"a":{"b":1},"d":2}"#, ["/a/b", "/c"], "/d"),
            (#"{"a/b":{"m~n":1}}"#, ["/a~1b/m~0n"], nil), (#"{"a":{"b":1}}"#, ["/a~1b"], "/a/b"),
            (#"{"\u0061":{"b":1}}"#, ["/a"], nil),
            // There is no way for a merge patch through an array: it would put an object in its place.
            (#"{"a":{"0":{"x":1}}}"#, ["/a/0"], "/a/0/x"),
        ] {
            #expect(try stray(patch, .mergePatch, parts: parts) == pointer, "\(patch) for \(parts)")
        }
    }

    @Test("An operation reaches its path and where it takes something from")
    func operations() throws {
        for (operation, parts, pointer) in [
            (#""add","path":"/a/b","value":1"#, ["/a"], nil), (#""add","path":"/a","value":1"#, ["/a"], nil),
            (#""add","path":"/ab","value":1"#, ["/a"], "/0/path"),
            (#""replace","path":"","value":1"#, ["/a"], "/0/path"),
            (#""remove","path":"/b"#, ["/a"], "/0/path"), (#""test","path":"/b","value":1"#, ["/a"], "/0/path"),
            (#""copy","from":"/b","path":"/a/x"#, ["/a"], "/0/from"),
            (#""copy","from":"/a/x","path":"/b"#, ["/a"], "/0/path"),
            (#""move","from":"/b","path":"/a/x"#, ["/a"], "/0/from"),
            (#""move","from":"/a/x","path":"/b"#, ["/a"], "/0/path"),
            (#""move","from":"/a/x","path":"/b"#, ["/a", "/b"], nil),
            (#""copy","from":"/a/x","path":"/a/y"#, ["/a"], nil),
            (#""increment","path":"/b","value":1"#, ["/a"], "/0/path"), (#""timestamp","path":"/b"#, ["/a"], "/0/path"),
            (#""union","path":"/b","value":[]"#, ["/a"], "/0/path"),
            (#""subtract","path":"/b","value":[]"#, ["/a"], "/0/path"),
            (#""min","path":"/a/n","value":1"#, ["/a"], nil),
        ] {
            let quote = operation.hasSuffix("1") || operation.hasSuffix("]") ? "" : "\""
            let patch = "[{\"op\":\(operation)\(quote)}]"
            #expect(try stray(patch, .cisternPatch, parts: parts) == pointer, "\(patch) for \(parts)")
        }
        let second = #"[{"op":"test","path":"/a/x","value":1},{"op":"remove","path":"/b"}]"#
        #expect(try stray(second, .jsonPatch, parts: ["/a"]) == "/1/path")
        #expect(try stray("[]", .jsonPatch, parts: ["/a"]) == nil)
    }

    @Test("An element of an array may be replaced, but not added or taken away, which moves the ones behind it")
    func elements() throws {
        for (operation, pointer) in [
            (#""replace","path":"/l/1","value":0"#, nil), (#""test","path":"/l/1","value":0"#, nil),
            (#""add","path":"/l/1/x","value":0"#, nil), (#""add","path":"/l/1","value":0"#, "/0/path"),
            (#""remove","path":"/l/1"}"#, "/0/path"), (#""copy","from":"/l/1","path":"/l/1/x"}"#, nil),
            (#""copy","from":"/l/1/x","path":"/l/1"}"#, "/0/path"),
            (#""move","from":"/l/1","path":"/l/1"}"#, "/0/from"),
            (#""replace","path":"/l/-","value":0"#, "/0/path"),
        ] as [(String, String?)] {
            let patch = "[{\"op\":" + operation + (operation.hasSuffix("}") ? "]" : "}]")
            #expect(try stray(patch, .jsonPatch, parts: ["/l/1"]) == pointer, "\(patch)")
        }
    }

    @Test("A token without parts reaches everything, one for other applications nothing")
    func whole() throws {
        let change = try Change(
            id: ChangeID("c"), precondition: .none, kind: .mergePatch, parsing: Array(#"{"a":1}"#.utf8).span)
        #expect(try Grant("push:board push:board#/x").reach(.push, in: ApplicationID("board")).stray(of: change) == nil)
        #expect(try Grant("push:other poll:board").reach(.push, in: ApplicationID("board")).stray(of: change) != nil)
    }
}
