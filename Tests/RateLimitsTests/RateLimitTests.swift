import Testing

@testable import RateLimits

@Suite("Rate limit")
struct RateLimitTests {
    private static let second: UInt64 = 1_000_000_000

    /// Asks at random moments for random numbers of units, from when nothing was taken.
    ///
    /// - Returns: What was granted, by when.
    private func grants(
        _ limit: RateLimit, atMost units: Int, seed: UInt64, asking pause: ClosedRange<UInt64>
    ) -> [(time: UInt64, units: Int)] {
        var random = Steps(state: seed)
        var (due, now, grants): (UInt64, UInt64, [(UInt64, Int)]) = (0, 7 * Self.second, [])
        for _ in 0..<2_000 {
            now += UInt64.random(in: pause, using: &random)
            let wanted = Int.random(in: 1...units, using: &random)
            let (next, standing) = limit.take(wanted, due: due, at: now)
            if standing.isGranted { grants.append((now, wanted)) } else { #expect(next == due) }
            due = next
        }
        return grants
    }

    @Test(
        "Whoever asks, however often: in no time do they get more than the burst and the rate times it",
        arguments: [(1, 1), (10, 10), (10, 100), (1_000, 3), (333_333, 7)], [1, 2, 3] as [UInt64])
    func never(_ numbers: (rate: Int, burst: Int), seed: UInt64) {
        let limit = RateLimit(numbers.rate, burst: numbers.burst)
        let pauses: [ClosedRange<UInt64>] = [0...3, 0...(3 * limit.interval), 0...(limit.window / 2)]
        for pause in pauses {
            let grants = grants(limit, atMost: numbers.burst, seed: seed, asking: pause)
            #expect(!grants.isEmpty)
            // Of every stretch, not only of those from the beginning.
            for start in stride(from: 0, to: grants.count, by: 97) {
                var sum = 0
                let tooMuch = grants[start...].first { time, units in
                    sum += units
                    return UInt64(max(0, sum - limit.burst)) * limit.interval > time - grants[start].time
                }
                #expect(tooMuch == nil, "\(sum) since \(grants[start].time) ns")
                // One stretch says enough.
                if tooMuch != nil { return }
            }
        }
    }

    @Test("What is larger than the burst is taken when all of it is there, and paid for afterwards")
    func large() {
        let limit = RateLimit(10, burst: 5)
        let now = 100 * Self.second
        let (due, first) = limit.take(25, due: 0, at: now)
        #expect(first.isGranted && first.remaining == 0 && first.reset == 2_500_000_000)
        let (_, second) = limit.take(1, due: due, at: now + 2 * Self.second)
        #expect(!second.isGranted && second.wait == 100_000_000)
        #expect(limit.take(1, due: due, at: now + 2_100_000_000).standing.isGranted)
        #expect(!limit.take(25, due: due, at: now + 2_499_999_999).standing.isGranted)
        #expect(limit.take(25, due: due, at: now + 2_500_000_000).standing.isGranted)
    }

    @Test("Who is refused is told when to come, to the nanosecond, and what was there before is there then")
    func wait() {
        let limit = RateLimit(3, burst: 7)
        var due: UInt64 = 0
        let now = 50 * Self.second
        for left in (0..<7).reversed() {
            let (next, standing) = limit.take(1, due: due, at: now)
            #expect(standing.isGranted && standing.remaining == left)
            due = next
        }
        let (same, refused) = limit.take(4, due: due, at: now)
        #expect(same == due && !refused.isGranted && refused.remaining == 0 && refused.reset == limit.window)
        #expect(!limit.take(4, due: due, at: now + refused.wait - 1).standing.isGranted)
        #expect(limit.take(4, due: due, at: now + refused.wait).standing.isGranted)
        #expect(limit.take(7, due: due, at: now + limit.window).standing.remaining == 0)
    }

    @Test("The largest numbers overflow nothing")
    func largest() {
        let limit = RateLimit(1, per: .seconds(1_000_000), burst: .max)
        let now = UInt64(1) << 62
        let (due, standing) = limit.take(.max, due: 0, at: now)
        #expect(standing.isGranted && due > now)
        #expect(!limit.take(.max, due: due, at: now).standing.isGranted)
        let least = RateLimit(0, per: .zero, burst: 0)
        #expect(least.burst == 1 && least.interval == 1)
        #expect(least.take(-3, due: 0, at: 0).standing.isGranted)
    }
}

/// Numbers that are the same with each run.
struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
