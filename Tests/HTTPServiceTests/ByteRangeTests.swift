import HTTPService
import HTTPTypes
import Testing

@Suite("Ranges of bytes")
struct ByteRangeTests {
    private static func range(
        _ fields: [String], of count: Int, ifRange: [String] = [], method: HTTPRequest.Method = .get
    ) -> ByteRange {
        var headers = HTTPFields()
        for field in fields { headers.append(HTTPField(name: .range, value: field)) }
        for field in ifRange { headers.append(HTTPField(name: .ifRange, value: field)) }
        return ByteRange(method, headers, of: count, etag: #""tag""#)
    }

    @Test(
        "One range is a part: from a byte, to a byte that may lie behind the end, or of the last ones",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-9", 0..<10), ("bytes=9-9", 9..<10), ("bytes=2-4", 2..<5),
            ("bytes=2-10", 2..<10), ("bytes=2-99999999999999999999999", 2..<10), ("bytes=5-", 5..<10),
            ("bytes=9223372036854775807-9223372036854775807", nil), ("bytes=-1", 9..<10), ("bytes=-10", 0..<10),
            ("bytes=-11", 0..<10), ("bytes=-99999999999999999999999", 0..<10), ("BYTES=1-2", 1..<3),
            ("bytes=001-002", 1..<3), (" bytes= 1-2 ", 1..<3), ("bytes=10-", nil), ("bytes=10-11", nil),
            ("bytes=99999999999999999999999-", nil), ("bytes=-0", nil), ("bytes=-000", nil),
        ] as [(String, Range<Int>?)])
    func parts(field: String, expected: Range<Int>?) {
        #expect(Self.range([field], of: 10) == expected.map { .part($0) } ?? .unsatisfiable)
    }

    @Test(
        "What is not understood is passed over, and so are several ranges",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=--1", "bytes=1", "bytes=1-2-3", "bytes=a-b", "bytes=1-b",
            "bytes=0x1-2", "bytes=+1-2", "bytes=1 - 2", "bytes =1-2", "bytes:1-2", "bytes=4-2", "bytes=1.5-2",
            "lines=0-1", "bytes=0-1,3-4", "bytes=0-1,", ",bytes=0-1", "bytes=0-0,-1", "bytes=\u{661}-\u{662}",
            "bytes=1-\u{FF12}", "none",
        ])
    func whole(field: String) {
        #expect(Self.range([field], of: 10) == .whole)
    }

    @Test("Without the field, with several of them, and by any other method it is the whole")
    func others() {
        #expect(Self.range([], of: 10) == .whole)
        #expect(Self.range(["bytes=0-1", "bytes=0-1"], of: 10) == .whole)
        for method in [HTTPRequest.Method.head, .put, .post] {
            #expect(Self.range(["bytes=0-1"], of: 10, method: method) == .whole)
            #expect(Self.range(["bytes=99-"], of: 10, method: method) == .whole)
        }
    }

    @Test(
        "Of nothing there is no byte, and the last ones are all",
        arguments: [
            ("bytes=0-", .unsatisfiable), ("bytes=0-0", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=-5", .whole),
        ] as [(String, ByteRange)])
    func empty(field: String, expected: ByteRange) {
        #expect(Self.range([field], of: 0) == expected)
    }

    @Test(
        "A range under a condition is taken only with the same strong tag",
        arguments: [
            ([#""tag""#], true), ([#"  "tag" "#], true), ([#""other""#], false), ([#"W/"tag""#], false),
            (["tag"], false),
            (["*"], false), ([""], false), (["Sat, 21 Nov 2026 06:00:00 GMT"], false), ([#""tag", "other""#], false),
            ([#""tag""#, #""tag""#], false),
        ] as [([String], Bool)])
    func conditions(ifRange: [String], isTaken: Bool) {
        #expect(Self.range(["bytes=2-4"], of: 10, ifRange: ifRange) == (isTaken ? .part(2..<5) : .whole))
        // Nor is it refused where it is not taken.
        #expect(Self.range(["bytes=99-"], of: 10, ifRange: ifRange) == (isTaken ? .unsatisfiable : .whole))
    }
}
