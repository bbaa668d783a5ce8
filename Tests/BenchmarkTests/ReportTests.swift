import Testing

@testable import cistern_bench

@Suite struct ReportTests {
    @Test func `the picture has a line for every curve and none for nothing`() throws {
        #expect(Chart(curves: []).svg == nil)
        let curves = [
            Curve(.latency, "p50", [(100, 1), (1_000, 2), (10_000, 4)]),
            Curve(.cost, "a<b", [(100, 1), (1_000, 1), (10_000, 1.1)]),
        ]
        let svg = try #require(Chart(curves: curves).svg)
        #expect(svg.split(separator: "<polyline").count == 3)
        #expect(svg.contains("a&lt;b"))
    }

    @Test func `an axis in powers of ten encloses its values`() {
        let axis = Plot.Axis.logarithmic([0.7, 30])
        #expect(axis.ticks.map(\.label) == ["0.5", "1", "2", "5", "10", "20", "50"])
        #expect(axis.place(0.5) == 0)
        #expect(axis.place(50) == 1)
        #expect(axis.place(0) == 0)
    }

    @Test func `what could not be measured is told as failed, and why`() {
        let text = Table(figures: [Figure(failed: "P10", "sockets", target: "≤ 8 KB", note: "404")]).text
        #expect(text.contains("≤ 8 KB  FAILED"))
        #expect(text.contains("P10 sockets: 404"))
    }

    @Test func `a spread of nothing that shows is not told`() {
        let text = Table(figures: [Figure("P9", "x", unit: "bytes", [270.1, 270.2], target: .none)]).text
        #expect(text.contains("270") && !text.contains("–"))
    }

    @Test func `columns of the table begin below each other`() {
        let figures = [
            Figure("P7", "short", unit: "ms", [1], target: .atMost(2)),
            Figure("P7", "a good deal longer", unit: "ms", [1_000, 3_000, 2_000], target: .none),
        ]
        let lines = Table(figures: figures).text.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[1].contains("≤ 2 ms  reached"))
        #expect(lines[2].contains("2,000 (1,000–3,000)"))
        // “≤” and “–” count as one character each.
        #expect(lines[1].split(separator: " ms ")[0].count == lines[2].split(separator: " ms ")[0].count)
    }
}
