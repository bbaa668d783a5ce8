import HTTPService
import HTTPTypes
import Testing

@Suite("Lists with weights")
struct WeightedListTests {
    @Test(
        "The heaviest of the names comes first, and among equals the one that the client lists first",
        arguments: [
            ("json-patch", "json-patch"), ("merge-patch, json-patch", "merge-patch"),
            ("merge-patch;q=0.5, json-patch", "json-patch"), ("json-patch;q=0.5, merge-patch;q=0.501", "merge-patch"),
            ("vcdiff, gzip, merge-patch", "merge-patch"), ("MERGE-PATCH ; Q=1.000", "merge-patch"),
            ("merge-patch;q=0", nil), ("merge-patch;q=2", nil), ("merge-patch;q=0.0001", nil), ("merge-patch;q=x", nil),
            ("*", nil), ("", nil), (",,", nil), ("identity", nil), ("merge-patch;x=y;q=0.1", "merge-patch"),
        ] as [(String, String?)])
    func preferred(field: String, expected: String?) {
        #expect(WeightedList([field]).preferred(among: ["json-patch", "merge-patch"]) == expected)
    }

    @Test(
        "A coding is allowed by its name or by a wildcard, unless its weight is nothing",
        arguments: [
            ("gzip", true), ("gzip, deflate, br, zstd", true), ("br;q=1.0, gzip;q=0.8, *;q=0.1", true), ("*", true),
            ("gzip;q=0", false), ("gzip;q=0, *", false), ("*;q=0", false), ("identity", false), ("", false),
            ("deflate", false),
        ])
    func allows(field: String, expected: Bool) { #expect(WeightedList([field]).allows("gzip") == expected) }

    @Test("Several fields are one list")
    func several() {
        #expect(WeightedList(["br", "gzip;q=0.2"]).allows("gzip"))
        #expect(WeightedList([]) == WeightedList([""]))
    }
}
