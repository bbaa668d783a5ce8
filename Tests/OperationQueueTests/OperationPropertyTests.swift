import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: whatever is done to them", .timeLimit(.minutes(3)))
struct OperationPropertyTests {
    /// Of the clock. Leases, pauses and deadlines end in the middle of one, so that the time the test itself takes makes no difference; a
    /// pause ends later than a deadline that counts from the same time.
    private static let tick = 100
    private static let pause = OperationModel.pauseTicks * tick - tick / 4

    private static func seconds(_ ticks: Int) -> Int { ticks * tick - tick / 2 }

    /// Statuses that wait to be said, before some might be left out.
    private static let mostUntold = OperationLimits.untoldStatuses - 6

    /// Seldom a result, behind which nothing happens any more.
    private static let verbs: [OperationModel.Verb] =
        Array(repeating: .beat, count: 4) + Array(repeating: .fail, count: 5) + Array(repeating: .giveBack, count: 2)
        + [.succeed]

    /// The one that is made, and the model of it.
    private static func wish(_ numbers: inout SeededNumbers) -> (text: String, model: OperationModel) {
        let attempts = Int.random(in: 1...3, using: &numbers)
        func ticks(_ range: ClosedRange<Int>) -> Int? {
            Bool.random(using: &numbers) ? Int.random(in: range, using: &numbers) : nil
        }
        let deadlines = OperationModel.Deadlines(start: ticks(1...4), attempt: ticks(1...4), total: ticks(3...12))
        let members = [
            ("start_s", deadlines.start), ("attempt_s", deadlines.attempt), ("total_s", deadlines.total),
        ].compactMap { name, ticks in ticks.map { "\"\(name)\":\(seconds($0))" } }.joined(separator: ",")
        return (
            #"{"kind":"export","publish":"/job","attempts":\#(attempts),"deadlines":{\#(members)}}"#,
            OperationModel(attempts: attempts, deadlines: deadlines)
        )
    }

    @Test(
        "After any words of anybody, repeated or late, the operation is what the model says, and so is what was said of it",
        arguments: 1...16)
    func model(seed: UInt64) async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            var numbers = SeededNumbers(seed: seed)
            let worker = try WorkerID("w")
            let wish = Self.wish(&numbers)
            try await queue.make("a", wish.text)
            var (model, published) = (wish.model, 0)
            var (now, tokens) = (0, ["0-none"])
            for step in 1...80 {
                let note = "seed \(seed), step \(step), \(wish.text)"
                let isFull = model.said.count - published >= Self.mostUntold
                switch isFull ? 28 : Int.random(in: 0..<48, using: &numbers) {
                case 0..<8:
                    now += 1
                    try store.advance(to: .seconds(now * Self.tick))
                case 8..<20:
                    let claimed = try await queue.claim(
                        in: queue.partition(of: board), by: worker, kinds: [kind("export")], of: nil, most: 1,
                        lease: .seconds(Self.seconds(OperationModel.leaseTicks))
                    ).operations.first
                    let expected = model.claim(at: now)
                    #expect((claimed != nil) == (expected != nil), "\(note)")
                    if let claimed { tokens.append(claimed.token) }
                case 20:
                    let isDeleting = Int.random(in: 0..<4, using: &numbers) == 0
                    let expected = model.cancel(deleting: isDeleting, at: now)
                    #expect(try await queue.cancel(name("a"), deleting: isDeleting).tag == expected, "\(note)")
                case 21..<26:
                    let expected = model.retry(at: now)
                    #expect(try await queue.retry(name("a")).tag == expected, "\(note)")
                case 26..<29:
                    model.settle(at: now)
                    _ = try await store.publish()
                    #expect(try store.said() == model.said.map(\.rawValue), "\(note)")
                    published = model.said.count
                default:
                    // Mostly the newest lease, else a late word.
                    let isNewest = Int.random(in: 0..<4, using: &numbers) > 0
                    let place = isNewest ? tokens.count - 1 : Int.random(in: tokens.indices, using: &numbers)
                    let verb = Self.verbs.randomElement(using: &numbers) ?? .beat
                    let isRetryable = Int.random(in: 0..<12, using: &numbers) > 0
                    let expected = model.work(verb, with: place, isRetryable: isRetryable, at: now)
                    let answer = try await Self.say(verb, tokens[place], isRetryable, to: queue)
                    #expect(answer == expected, "\(note): \(verb)")
                }
                guard !model.isDeleted else { continue }
                model.settle(at: now)
                let seen = try await queue.see("a")
                #expect(seen.status == model.status && seen.attempt == model.attempt, "\(note)")
            }
            _ = try await store.publish()
            #expect(try store.said() == model.said.map(\.rawValue), "seed \(seed)")
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
