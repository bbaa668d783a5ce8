import Testing

@testable import CisternClient

/// Gives the same number again and again.
private struct Constant: RandomNumberGenerator {
    let number: UInt64
    mutating func next() -> UInt64 { number }
}

@Suite("Retry schedule")
struct RetryScheduleTests {
    private static let policy = RetryPolicy(
        deadline: .seconds(10), attemptTimeout: .seconds(1), firstPause: .milliseconds(100),
        longestPause: .milliseconds(350))

    @Test("Pauses double up to the longest one, and chance moves them within their upper half")
    func doubling() {
        for (number, expected) in [(UInt64(0), [50, 100, 175, 175]), (.max, [100, 200, 350, 350])] {
            var schedule = RetrySchedule(Self.policy)
            var generator = Constant(number: number)
            let pauses = (0..<4).map { _ in schedule.pause(after: nil, elapsed: .zero, using: &generator) }
            for (pause, milliseconds) in zip(pauses, expected) {
                let difference = (pause ?? .zero) - .milliseconds(milliseconds)
                #expect(difference < .milliseconds(1) && difference > .milliseconds(-1))
            }
        }
    }

    @Test("A wish of the server is a lower bound")
    func retryAfter() throws {
        var schedule = RetrySchedule(Self.policy)
        var generator = Constant(number: 0)
        let pause = try #require(schedule.pause(after: .seconds(3), elapsed: .zero, using: &generator))
        #expect(pause >= .seconds(3) && pause < .seconds(4))
    }

    @Test("There is no pause that would end after the deadline")
    func deadline() {
        var generator = Constant(number: 0)
        var schedule = RetrySchedule(Self.policy)
        #expect(schedule.pause(after: nil, elapsed: .milliseconds(9_900), using: &generator) != nil)
        #expect(schedule.pause(after: nil, elapsed: .milliseconds(9_990), using: &generator) == nil)
        #expect(schedule.pause(after: .seconds(11), elapsed: .zero, using: &generator) == nil)
        var once = RetrySchedule(.once)
        #expect(once.pause(after: nil, elapsed: .zero, using: &generator) == nil)
    }

    @Test("A thousand failures do not overflow")
    func manyFailures() {
        var generator = Constant(number: .max)
        var schedule = RetrySchedule(Self.policy)
        for _ in 0..<1_000 { _ = schedule.pause(after: nil, elapsed: .zero, using: &generator) }
        #expect(schedule.pause(after: nil, elapsed: .zero, using: &generator) ?? .zero <= .milliseconds(351))
    }
}

@Suite("Ids, tokens, URLs")
struct ValueTests {
    @Test("A timed id is a UUIDv7 of its time")
    func timedID() {
        var zeros = Constant(number: 0)
        // The time of RFC 9562, appendix A.6.
        #expect(TimedID.make(milliseconds: 0x017F_22E2_79B0, using: &zeros) == "017f22e2-79b0-7000-8000-000000000000")
        var ones = Constant(number: .max)
        #expect(TimedID.make(milliseconds: 0x017F_22E2_79B0, using: &ones) == "017f22e2-79b0-7fff-bfff-ffffffffffff")
        #expect(TimedID.next() != TimedID.next())
    }

    @Test("Sequenced ids count from 1, or on from where they were")
    func sequencedIDs() {
        var ids = SequencedIDs(client: "phone")
        #expect([ids.next(), ids.next()] == ["phone~1", "phone~2"])
        var later = SequencedIDs(client: "phone", last: ids.last)
        #expect(later.next() == "phone~3")
    }

    @Test("Versions are read bare and as entity tags")
    func versions() {
        #expect(Version("e-3") == Version("\"e-3\""))
        #expect(Version("W/\"e-3\"")?.number == 3)
        #expect(Version("e-3")?.entityTag == "\"e-3\"")
        for bad in ["", "e", "e-", "-3", "e-03", "e-3\"", "\"e-3", "e_-3"] { #expect(Version(bad) == nil, "\(bad)") }
    }

    @Test("URLs of servers are taken with and without a slash, anything else is refused")
    func urls() throws {
        #expect(try ServerURL.check("http://127.0.0.1:8080//") == "http://127.0.0.1:8080")
        #expect(try ServerURL.check("https://[::1]/cistern") == "https://[::1]/cistern")
        for bad in [
            "", "http://", "127.0.0.1:8080", "ftp://host", "http://a b", "http://host?x", "http://host/#f",
            "http://h\n",
        ] {
            #expect(throws: CisternError.self, "\(bad)") { try ServerURL.check(bad) }
        }
    }

    @Test("Ids that cannot be part of a path are refused before anything is sent")
    func ids() async throws {
        let client = try CisternClient(url: "http://127.0.0.1:1", retry: .once)
        for bad in ["", "a/b", "..", "a b", "ü", String(repeating: "a", count: 129)] {
            #expect(throws: CisternError.self, "\(bad)") { _ = try client.application(bad) }
        }
        let error = await #expect(throws: CisternError.self) {
            _ = try await client.application("a").push(Change(id: "c~01", .mergePatch, "{}"))
        }
        guard case .invalidRequest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
