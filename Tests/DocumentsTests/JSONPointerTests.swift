import Documents
import Testing

@Suite("JSON Pointer") struct JSONPointerTests {
    /// RFC 6901 section 5.
    static let example = #"""
        {"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}
        """#

    @Test(
        "The examples of RFC 6901",
        arguments: [
            ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
        ])
    func examples(_ pointer: String, _ value: String) throws {
        let pointer = try JSONPointer(parsing: pointer)
        #expect(try json(Self.example)[pointer]?.text == value)
        #expect(try JSONPointer(parsing: pointer.description) == pointer)
    }

    @Test("The empty pointer is the whole document")
    func root() throws {
        #expect(try json(Self.example)[try JSONPointer(parsing: "")] == json(Self.example))
        #expect(JSONPointer.root.description == "")
    }

    @Test(
        "What leads nowhere",
        arguments: [
            "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/1e0", "/foo/99999999999999999999", "/foo/",
            "/nothing", "/a~1b/x", "//",
        ])
    func nowhere(_ pointer: String) throws {
        #expect(try json(Self.example)[try JSONPointer(parsing: pointer)] == nil)
    }

    @Test("What is no pointer", arguments: ["a", "#/a", "/~", "/a~2", "/~a/b", "/a~"])
    func malformed(_ pointer: String) {
        #expect(throws: JSONPointerError.self) { try JSONPointer(parsing: pointer) }
    }

    @Test("Names with ~ and / are written with escapes, in that order")
    func description() throws {
        #expect(JSONPointer(["~1", "a/b", "", "0"]).description == "/~01/a~1b//0")
        #expect(try JSONPointer(parsing: "/~01/a~1b//0") == JSONPointer(["~1", "a/b", "", "0"]))
        #expect(JSONPointer.root.appending("x").appending(3).description == "/x/3")
    }
}
