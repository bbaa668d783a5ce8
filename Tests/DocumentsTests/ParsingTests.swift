import Documents
import Testing

@Suite("Parsing") struct ParsingTests {
    @Test(
        "Canonical encoding: members sorted by bytes, no white space, numbers and strings as written",
        arguments: [
            (" { \"b\" : 1 ,\n\t\"a\" : [ ] , \"\" : { } }\r\n", #"{"":{},"a":[],"b":1}"#),
            (
                "[1.0,1,1e2,1E+2,-0,-0.0,100000000000000000000000000000000001]",
                "[1.0,1,1e2,1E+2,-0,-0.0,100000000000000000000000000000000001]"
            ),
            (#"["\u0041\/é\n"]"#, #"["\u0041\/é\n"]"#),
            (
                #"{"\u0061\/":1,"\u0000":2,"\"\\":3,"\t\u007f":4}"#,
                "{\"\\u0000\":2,\"\\t\u{7f}\":4,\"\\\"\\\\\":3,\"a/\":1}"
            ),
            // By the bytes of UTF-8, not by UTF-16 and not by Unicode's collation.
            (
                "{\"\u{10000}\":1,\"\u{FFFD}\":2,\"z\":3,\"é\":4,\"e\\u0301\":5}",
                "{\"e\u{301}\":5,\"z\":3,\"é\":4,\"\u{FFFD}\":2,\"\u{10000}\":1}"
            ),
            (#"{"\ud83d\ude00":"\ud83d\ude00"}"#, #"{"😀":"\ud83d\ude00"}"#),
            (#"{"ab":1,"a":2,"a\u0000":3}"#, #"{"a":2,"a\u0000":3,"ab":1}"#),
            (
                #"{"a name of more than 14 bytes":1,"a name of mor":2,"a name of more":3}"#,
                #"{"a name of mor":2,"a name of more":3,"a name of more than 14 bytes":1}"#
            ),
            ("null", "null"), ("\"\"", "\"\""), ("-12.50e-3", "-12.50e-3"),
        ])
    func canonical(_ text: String, _ canonical: String) throws {
        let document = try json(text)
        #expect(document.text == canonical)
        #expect(document.encodedCount == canonical.utf8.count)
        #expect(try json(canonical).text == canonical)
    }

    @Test("Names and strings of any length are the same wherever they stand in the text", arguments: 0...20)
    func places(_ count: Int) throws {
        let word = String("abcdefghijklmnopqrst".prefix(count))
        let canonical = #"{"\#(word)":"\#(word)"}"#
        for before in 0...20 {
            for behind in 0...20 {
                let document = try json(repeated(" ", before) + canonical + repeated(" ", behind))
                #expect(document.text == canonical && document[word]?.stringValue == word)
            }
        }
    }

    @Test(
        "What is refused, why and at which byte",
        arguments: [
            ("", 0, .unexpectedEnd), (" ", 1, .unexpectedEnd), ("[1", 2, .unexpectedEnd), ("\"a", 2, .unexpectedEnd),
            ("tru", 3, .unexpectedEnd), ("trux", 0, .invalidLiteral), ("nulL", 0, .invalidLiteral),
            ("[1,]", 3, .unexpectedByte(0x5D, expected: .value)),
            ("[1 2]", 3, .unexpectedByte(0x32, expected: .commaOrBracket)),
            (#"{"a":1,}"#, 7, .unexpectedByte(0x7D, expected: .name)),
            (#"{"a" 1}"#, 5, .unexpectedByte(0x31, expected: .colon)),
            (#"{"a":1 "b":2}"#, 7, .unexpectedByte(0x22, expected: .commaOrBrace)),
            ("{a:1}", 1, .unexpectedByte(0x61, expected: .nameOrEnd)),
            ("01", 0, .invalidNumber), ("-", 1, .unexpectedEnd), ("1.", 2, .unexpectedEnd), ("1.e1", 2, .invalidNumber),
            ("1e", 2, .unexpectedEnd), ("[1e+]", 4, .invalidNumber), ("+1", 0, .unexpectedByte(0x2B, expected: .value)),
            ("1 2", 2, .trailingBytes), ("{}x", 2, .trailingBytes), ("\u{FEFF}{}", 0, .byteOrderMark),
            (#"{"a":1,"\u0061":2}"#, 7, .duplicateMember("a")),
            (#"{"x":{"a":1,"b":2,"a":3}}"#, 18, .duplicateMember("a")),
            (#"["\ud800"]"#, 2, .loneSurrogate), (#"["\udc00"]"#, 2, .loneSurrogate),
            (#"["\ud800\u0041"]"#, 2, .loneSurrogate),
            (#"["\x"]"#, 2, .invalidEscape), (#"["\u12g4"]"#, 2, .invalidEscape),
            ("[\"a\u{1}\"]", 3, .controlCharacter(1)),
        ] as [(String, Int, ParsingError.Reason)])
    func refused(_ text: String, _ offset: Int, _ reason: ParsingError.Reason) {
        #expect(parsingError(text) == ParsingError(offset: offset, reason: reason))
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
            [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        // At every distance from the stride in which plain ASCII is skipped, and from the end.
        for before in 0..<17 {
            let text = Array("\"".utf8) + Array(repeating: 0x61, count: before) + bytes + Array("\"".utf8)
            #expect(parsingError(text)?.reason == .invalidUTF8)
            #expect(parsingError(text)?.offset == 1 + before)
            #expect(parsingError(Array(text.dropLast())) != nil)
        }
    }

    @Test("Every scalar of the first and last in each length comes through, plain and escaped")
    func scalars() throws {
        for value: UInt32 in [0x20, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF] {
            let scalar = try #require(Unicode.Scalar(value))
            let plain = String(Character(scalar))
            #expect(try json("\"\(plain)\"").stringBytes == Array(plain.utf8))
            let escaped = plain.utf16.map { unit in
                "\\u" + repeated("0", 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }
            #expect(try json("\"\(escaped.joined())\"").stringBytes == Array(plain.utf8))
            #expect(try json("\"\(escaped.joined())\"") == json("\"\(plain)\""))
        }
    }

    @Test("A truncated text is never accepted, wherever it is cut")
    func everyCut() {
        let text = Array(#"{"a":[1.5e-7,"é\u00e9\ud83d\ude00",true,null],"b":{"c":false}}"#.utf8)
        #expect(parsingError(text) == nil)
        for count in 0..<text.count {
            let error = parsingError(Array(text.prefix(count)))
            #expect(error != nil)
            #expect((error?.offset ?? 0) <= count)
        }
    }

    @Test("Depth: as many levels as the limit says, and not one more")
    func depth() {
        #expect(parsingError(repeated("[", 128) + repeated("]", 128)) == nil)
        #expect(
            parsingError(repeated("[", 129) + repeated("]", 129))
                == ParsingError(offset: 128, reason: .tooDeep(limit: 128)))
        #expect(parsingError(repeated("{\"a\":", 128) + "1" + repeated("}", 128)) == nil)
        #expect(parsingError(repeated("{\"a\":", 129) + "1" + repeated("}", 129))?.offset == 128 * 5)
        #expect(ParsingLimits(depth: 100_000).depth == 160)
        #expect(
            parsingError(Array(repeated("[", 1_000_000).utf8), limits: ParsingLimits(depth: 100_000))?.offset == 160)
    }

    @Test("Numbers of 1,000 characters are kept, longer ones are refused")
    func longNumbers() throws {
        #expect(try json(repeated("9", 1_000)).text == repeated("9", 1_000))
        #expect(
            parsingError("[" + repeated("9", 1_001) + "]")
                == ParsingError(offset: 1, reason: .numberTooLong(limit: 1_000)))
    }

    @Test("Many members in any order end up sorted, and a name that comes again is found")
    func manyMembers() throws {
        for order in [1, 7_919, -1] {
            let numbers = (0..<5_000).map { (($0 * order) % 5_000 + 5_000) % 5_000 }
            let text = "{" + numbers.map { "\"n\(10_000 + $0)\":\($0)" }.joined(separator: ",")
            let document = try json(text + "}")
            #expect(document.text == "{" + (0..<5_000).map { "\"n\(10_000 + $0)\":\($0)" }.joined(separator: ",") + "}")
            #expect(document["n12345"]?.integerValue == 2_345)
            let again = ",\"n1\\u0032345\":0}"
            #expect(
                parsingError(text + again)
                    == ParsingError(offset: text.utf8.count + 1, reason: .duplicateMember("n12345")))
        }
    }

    @Test("A part of a larger buffer is parsed where it is")
    func part() throws {
        let bytes = Array(#"xx{"a":"more than fourteen bytes"}yy"#.utf8)
        #expect(try Document(parsing: bytes.span.extracting(2..<bytes.count - 2)).count == 1)
        let document = try unsafe bytes.withUnsafeBytes { buffer in
            unsafe try Document(parsing: UnsafeRawBufferPointer(rebasing: buffer[2..<buffer.count - 2]))
        }
        #expect(document["a"]?.stringValue == "more than fourteen bytes")
        #expect(parsingError(bytes)?.offset == 0)
    }

    @Test("Messages say what was expected")
    func messages() {
        #expect(parsingError("[1 2]")?.description == "a comma or ] was expected, not '2' (byte 3)")
        #expect(parsingError("{\"a\":1,\"a\":2}")?.message == "the member \"a\" is there twice in one object")
        #expect(parsingError("\u{FEFF}1")?.message == "JSON text must not begin with a byte order mark")
    }
}
