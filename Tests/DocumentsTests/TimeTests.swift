import Documents
import TestSupport
import Testing

@Suite("Times as text")
struct TimeTests {
    @Test("What is written is read again")
    func roundTrip() {
        var numbers = SeededNumbers(seed: 3)
        for _ in 0..<2_000 {
            let time = UInt64.random(in: 0...253_402_300_799_999, using: &numbers)
            #expect(RFC3339.milliseconds(RFC3339.string(milliseconds: time)) == time)
        }
    }

    @Test(
        "Zones and parts of seconds",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00.5z", 500), ("1970-01-01T00:00:00.1239Z", 123),
            ("1970-01-01T02:00:00+02:00", 0), ("1969-12-31T23:00:01-01:00", nil),
            ("1970-01-01T00:00:00-01:30", 5_400_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ])
    func read(text: String, expected: UInt64?) { #expect(RFC3339.milliseconds(text) == expected) }

    @Test(
        "What is no time is none",
        arguments: [
            "", "2026-11-21", "2026-11-21T06:00:00", "2026-11-21 06:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00.Z", "1969-01-01T00:00:00Z",
            "1970-01-01T00:00:00+00:01", "٢026-01-01T00:00:00Z",
        ])
    func refused(text: String) { #expect(RFC3339.milliseconds(text) == nil) }
}
