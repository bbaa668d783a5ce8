import Foundation
import SystemSupport
import TestSupport
import Testing

/// Clients that push to one application, each watching it too, and pollers that only watch, all at the same time.
struct Workload {
    var application = "board"
    let push: String
    let polls: [String]
    var clients = 3
    /// Every second client numbers its changes: not where acknowledged ones may be lost, which these clients do not number anew.
    var numbersChanges = true
    var changesEach = 60
    /// Between two changes of a client.
    var pause: Duration = .milliseconds(15)
    var watchers = 2
    var pollInterval: Duration = .milliseconds(50)
    let caller: Caller
    let observations = Observations()

    init(push: String, polls: [String], caller: Caller) {
        self.push = push
        self.polls = polls
        self.caller = caller
    }

    struct Outcome {
        let receipts: [String: Token]
        let created: [String: Token]
        let refusals: [Int: Int]
    }

    /// Ends when every change has been seen in a state by the one who pushed it.
    func run() async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome?.self) { group in
            for number in 0..<watchers { group.addTask { await watch(startingAt: number) } }
            for client in 0..<clients { group.addTask { try await work(as: client) } }
            var receipts: [String: Token] = [:]
            var created: [String: Token] = [:]
            var refusals: [Int: Int] = [:]
            var working = clients
            while working > 0, let outcome = try await group.next() {
                guard let outcome else { continue }
                working -= 1
                receipts.merge(outcome.receipts) { _, new in new }
                created.merge(outcome.created) { _, new in new }
                refusals.merge(outcome.refusals, uniquingKeysWith: +)
            }
            group.cancelAll()
            return Outcome(receipts: receipts, created: created, refusals: refusals)
        }
    }

    private func watch(startingAt number: Int) async -> Outcome? {
        var poller = Poller(
            caller, servers: Array(polls[(number % polls.count)...] + polls[..<(number % polls.count)]),
            application: application,
            observations: observations)
        while !Task.isCancelled {
            await poller.poll()
            try? await Task.sleep(for: pollInterval)
        }
        return nil
    }

    private func work(as client: Int) async throws -> Outcome {
        var poller = Poller(caller, servers: polls, application: application, observations: observations)
        var pusher = Pusher(caller, server: push, application: application, observations: observations)
        for number in 1...changesEach {
            try await pusher.push(
                numbersChanges && client.isMultiple(of: 2) ? "c\(client)~\(number)" : "c\(client)-\(number)")
            if number.isMultiple(of: 4) {
                await poller.poll()
                try await pusher.settle(with: poller)
            }
            try await Task.sleep(for: pause)
        }
        while !pusher.pending.isEmpty {
            await poller.poll()
            try await pusher.settle(with: poller)
            try await Task.sleep(for: pollInterval)
        }
        return Outcome(receipts: pusher.receipts, created: pusher.created, refusals: pusher.refusals)
    }

    /// Checks the promises: every acknowledged change is in the state exactly once, in the order of positions, on every server, and
    /// nobody has seen what must never be seen.
    func verify(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(observations.violations == [], sourceLocation: sourceLocation)
        #expect(outcome.receipts.count == clients * changesEach, sourceLocation: sourceLocation)
        for server in polls {
            // A server that nobody's change was seen at may be behind by a hint.
            try await eventually(within: .seconds(5), "\(server) has all changes") {
                try await caller.counted(application, at: server).n >= outcome.receipts.count
            }
            let answer = try await caller.get("\(server)/v1/apps/\(application)/state")
            let found = try JSONDecoder().decode(Counted.self, from: Data(answer.body.utf8))
            #expect(found.n == outcome.receipts.count, sourceLocation: sourceLocation)
            let missing = Set(outcome.receipts.keys).subtracting(found.order)
            #expect(missing == [], "acknowledged, and not in the state", sourceLocation: sourceLocation)
            #expect(
                found.counts.values.allSatisfy { $0 == 1 }, "a change is folded twice", sourceLocation: sourceLocation)
            let epoch = Token(answer.header("ETag"))?.epoch
            let positions = found.order.compactMap { outcome.created[$0] }.filter { $0.epoch == epoch }.map(\.number)
            #expect(
                positions == positions.sorted(), "changes are not folded in the order of positions",
                sourceLocation: sourceLocation)
        }
    }
}

/// The state that the changes of a `Pusher` make.
struct Counted: Decodable {
    let n: Int
    let order: [String]
    /// By change, how often it was applied.
    let counts: [String: Int]

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Name.self)
        n = try members.decode(Int.self, forKey: Name(stringValue: "n"))
        order = try members.decode([String].self, forKey: Name(stringValue: "order"))
        var counts: [String: Int] = [:]
        for name in members.allKeys where !["n", "order"].contains(name.stringValue) {
            counts[name.stringValue] = try members.decode(Int.self, forKey: name)
        }
        self.counts = counts
    }
}
