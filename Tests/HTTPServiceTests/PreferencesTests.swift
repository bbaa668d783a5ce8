import HTTPService
import HTTPTypes
import Testing

@Suite("Prefer")
struct PreferencesTests {
    private func preferences(_ fields: String...) -> Preferences {
        var headers = HTTPFields()
        for field in fields { headers.append(HTTPField(name: .prefer, value: field)) }
        return Preferences(headers)
    }

    @Test(
        "wait is read in seconds and capped",
        arguments: [
            ("wait=5", Duration.seconds(5)), ("wait=0", .zero), ("wait=60", .seconds(60)), ("wait=61", .seconds(60)),
            ("wait=99999999999999999999999", .seconds(60)), ("WAIT=7", .seconds(7)), (#"wait="8""#, .seconds(8)),
            ("wait = 9", .seconds(9)), ("wait=3;x=y", .seconds(3)), ("foo;wait=1, wait=2", .seconds(2)),
            (#"x="a,wait=1", wait=4"#, .seconds(4)),
        ])
    func wait(field: String, expected: Duration) { #expect(preferences(field).wait == expected) }

    @Test(
        "What is no number of seconds is ignored",
        arguments: ["wait", "wait=", "wait=-1", "wait=1.5", "wait=x", "wait=1 2", "", ","])
    func noWait(field: String) { #expect(preferences(field).wait == nil) }

    @Test("Several fields are one list, and the first of two counts")
    func several() {
        let preferences = preferences("wait=2, return=minimal", "wait=9, return=representation")
        #expect(preferences.wait == .seconds(2))
        #expect(preferences.isMinimal)
    }

    @Test("Nothing is preferred without the field, and unknown values are ignored")
    func none() {
        #expect(Preferences(HTTPFields()) == .none)
        #expect(!preferences("return=representation, respond-async, handling=lenient").isMinimal)
    }

    @Test("Only what was followed is confirmed, with the capped time")
    func applied() {
        let both = preferences("return=minimal, wait=100")
        #expect(both.applied(wait: true, minimal: true) == "return=minimal, wait=60")
        #expect(both.applied(wait: true) == "wait=60")
        #expect(both.applied() == nil)
        #expect(Preferences.none.applied(wait: true, minimal: true) == nil)
    }
}

@Suite("Waiting")
struct WaitingTests {
    /// Gives the same number for ever.
    struct Constant: RandomNumberGenerator {
        let value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test("A wait ends up to a tenth early and never late", arguments: [0, 1 << 20, UInt64.max / 2, .max])
    func bounds(random: UInt64) {
        var generator = Constant(value: random)
        let wait = Waiting.hurried(.seconds(30), using: &generator)
        #expect(wait <= .seconds(30))
        #expect(wait >= .seconds(27))
    }

    @Test("Waits that began together end apart")
    func spread() {
        let waits = (0..<50).map { _ in Waiting.hurried(.seconds(60)) }
        #expect(Set(waits).count > 40)
    }
}
