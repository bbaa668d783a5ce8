import Testing

@testable import cistern

@Suite("Words for people")
struct WordingTests {
    @Test("Numbers, sizes, times and rates")
    func wording() {
        #expect(
            [0, 999, 1_000, 1_234_567, -1_234].map { Wording.count($0) } == [
                "0", "999", "1,000", "1,234,567", "-1,234",
            ])
        #expect(
            [0, 999, 1_000, 9_949, 12_345, 999_499, 999_500, 4_200_000_000].map { Wording.bytes($0) }
                == ["0 B", "999 B", "1.0 kB", "9.9 kB", "12 kB", "999 kB", "1.0 MB", "4.2 GB"])
        #expect(Wording.seconds(.milliseconds(1_234)) == "1.23 s")
        #expect(Wording.seconds(.seconds(45)) == "45.0 s")
        #expect(Wording.seconds(.seconds(125)) == "2 min 5 s")
        #expect(Wording.rate(1_000, in: .milliseconds(500)) == "2,000/s")
        #expect(Wording.rate(1, in: .zero) == "-")
        #expect([Wording.plural(1, "change"), Wording.plural(2, "change")] == ["1 change", "2 changes"])
    }

    @Test("A table is as wide as its cells, with numbers to the right")
    func table() {
        var table = Table("NAME", "#N")
        table.add("a", "5")
        table.add("longer", "1,000")
        #expect(table.lines == ["NAME        N", "a           5", "longer  1,000"])
        table.add("x")
        #expect(table.lines.last == "x")
    }

    @Test("A bar is full exactly at the end")
    func bar() {
        #expect(Progress.bar(done: 0, total: 10, width: 5) == "     ")
        #expect(Progress.bar(done: 4, total: 10, width: 5) == "=>   ")
        #expect(Progress.bar(done: 9, total: 10, width: 5) == "===> ")
        #expect(Progress.bar(done: 10, total: 10, width: 5) == "=====")
        #expect(Progress.bar(done: 20, total: 10, width: 5) == "=====")
    }
}
