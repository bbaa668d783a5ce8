import Documents
import Testing

@testable import cistern

@Suite("Differences for people")
struct DifferenceTests {
    private func differences(_ old: String, _ new: String) throws -> [String] {
        let (old, new) = (try Document(parsing: Array(old.utf8)), try Document(parsing: Array(new.utf8)))
        return Difference.all(from: old, to: new).map { $0.line(width: 30) }
    }

    @Test("Each place that differs is a line with its pointer, old and new")
    func places() throws {
        #expect(
            try differences(
                #"{"a":1,"b":{"c":"x","d":[1,2]},"gone":true}"#, #"{"a":1.0,"b":{"c":"x","d":[1,2,3]},"new/~":null}"#)
                == ["~ /a  1 → 1.0", "+ /b/d/2  3", "- /gone  true", "+ /new~1~0  null"])
    }

    @Test("In arrays the ends that stayed are told from what came and went between them")
    func arrays() throws {
        #expect(
            try differences(#"["first","second","third","fourth"]"#, #"["first","fourth"]"#) == [
                "- /1  \"second\"", "- /2  \"third\"",
            ])
        #expect(try differences(#"["Tea"]"#, #"["Coffee","Tea"]"#) == ["+ /0  \"Coffee\""])
        #expect(try differences("[1,1,1]", "[1,1]") == ["- /2  1"])
        #expect(try differences("[1,[2,3],4]", "[1,[2,5],4,6]") == ["~ /1/1  3 → 5", "+ /3  6"])
    }

    @Test("A state that is another altogether is one line")
    func root() throws {
        #expect(try differences("[1]", #"{"a":1}"#) == [#"~ (the whole state)  [1] → {"a":1}"#])
        #expect(try differences("{}", "{ }").isEmpty)
    }

    @Test("Long values are cut, and what would move the cursor is not shown")
    func harmless() throws {
        let new = "{\"a\":\"\(String(repeating: "x", count: 50))\",\"b\u{9B}31m\":1}"
        let lines = try differences(#"{"a":1,"keep":"01234567890123456789012345678901234567890123456789012345"}"#, new)
        #expect(!lines.joined().unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(
            Difference(pointer: "/a", change: .added(String(repeating: "x", count: 50))).line(width: 10)
                == "+ /a  xxxxxxxxx…")
    }

    @Test("A state seen for the first time is shown member by member")
    func first() throws {
        let document = try Document(parsing: Array(#"{"b":[1],"a/":"x"}"#.utf8))
        #expect(Difference.first(document).map { $0.line(width: 30) } == [#"+ /a~1  "x""#, "+ /b  [1]"])
        #expect(Difference.first(.null).map { $0.line(width: 30) } == ["+ (the whole state)  null"])
    }

    @Test("Pretty-printed JSON is the same JSON")
    func pretty() throws {
        let text = #"{"a":[],"b":{},"c":[1,{"d":"\n"},[2]],"e":1.50}"#
        let document = try Document(parsing: Array(text.utf8))
        let lines = PrettyPrinting.lines(document)
        #expect(
            lines == [
                "{", "  \"a\": [],", "  \"b\": {},", "  \"c\": [", "    1,", "    {", "      \"d\": \"\\n\"", "    },",
                "    [", "      2",
                "    ]", "  ],", "  \"e\": 1.50", "}",
            ])
        #expect(try Document(parsing: Array(lines.joined(separator: "\n").utf8)).isSpelledLike(document))
    }
}
