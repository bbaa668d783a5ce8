import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: whatever is done to them", .timeLimit(.minutes(3)))
struct OperationPropertyTests {
    /// Of the clock. Leases and pauses end in the middle of one, so that the time the test itself takes makes no difference.
    private static let tick = 100
    private static let lease = OperationModel.leaseTicks * tick - tick / 2
    private static let pause = OperationModel.pauseTicks * tick - tick / 2

    @Test("After any words of anybody, repeated or late, the operation is what the model says", arguments: 1...12)
    func model(seed: UInt64) async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            var numbers = SeededNumbers(seed: seed)
            let worker = try WorkerID("w")
            let attempts = Int.random(in: 1...3, using: &numbers)
            try await queue.make("a", #"{"kind":"export","attempts":\#(attempts)}"#)
            var model = OperationModel(attempts: attempts)
            var (now, tokens) = (0, ["0-none"])
            for step in 1...60 {
                let note = "seed \(seed), step \(step)"
                switch Int.random(in: 0..<20, using: &numbers) {
                case 0..<4:
                    now += 1
                    try store.advance(to: .seconds(now * Self.tick))
                case 4..<9:
                    let claimed = try await queue.claim(
                        in: queue.partition(of: board), by: worker, kinds: [kind("export")], of: nil, most: 1,
                        lease: .seconds(Self.lease)
                    ).operations.first
                    let expected = model.claim(at: now)
                    #expect((claimed != nil) == (expected != nil), "\(note)")
                    if let claimed { tokens.append(claimed.token) }
                case 9:
                    let isDeleting = Bool.random(using: &numbers)
                    let expected = model.cancel(deleting: isDeleting, at: now)
                    #expect(try await queue.cancel(name("a"), deleting: isDeleting).tag == expected, "\(note)")
                default:
                    // Mostly the newest lease, else a late word.
                    let isNewest = Int.random(in: 0..<4, using: &numbers) > 0
                    let place = isNewest ? tokens.count - 1 : Int.random(in: tokens.indices, using: &numbers)
                    let verb = OperationModel.Verb.allCases.randomElement(using: &numbers) ?? .beat
                    let isRetryable = Int.random(in: 0..<4, using: &numbers) > 0
                    let expected = model.work(verb, with: place, isRetryable: isRetryable, at: now)
                    let answer = try await Self.say(verb, tokens[place], isRetryable, to: queue)
                    #expect(answer == expected, "\(note): \(verb)")
                }
                guard !model.isDeleted else { continue }
                model.settle(at: now)
                let seen = try await queue.see("a")
                #expect(seen.status == model.status && seen.attempt == model.attempt, "\(note)")
            }
        }
    }

    private static func say(
        _ verb: OperationModel.Verb, _ token: String, _ isRetryable: Bool, to queue: OperationQueue
    ) async throws -> String {
        switch verb {
        case .beat: return try await queue.heartbeat(Heartbeat(json("{}")), for: name("a"), token: token).tag
        case .succeed: return try await queue.succeed(name("a"), token: token, mediaType: "a/b", result: [1]).tag
        case .giveBack: return try await queue.giveBack(name("a"), token: token).tag
        case .fail:
            let text = #"{"error":{},"retryable":\#(isRetryable),"retry_after_s":\#(pause)}"#
            return try await queue.fail(failure(text), for: name("a"), token: token).tag
        }
    }
}
