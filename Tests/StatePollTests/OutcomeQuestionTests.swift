import Fold
import NIOCore
import NIOEmbedded
import Synchronization
import TestSupport
import Testing

@testable import StatePoll

@Suite("What came of pushed changes")
struct OutcomeQuestionTests {
    /// Questions as the log gets them, each answered when the test says so.
    private final class Log: Sendable {
        struct Question: Sendable {
            let changes: [PushedChange]
            let answer: CheckedContinuation<[PushOutcome], any Error>
        }
        struct Down: Error {}

        private let questions = Mutex<[Question]>([])

        var sizes: [Int] { questions.withLock { $0.map(\.changes.count) } }

        func ask(_ changes: [PushedChange]) async throws -> [PushOutcome] {
            try await withCheckedThrowingContinuation { continuation in
                questions.withLock { $0.append(Question(changes: changes, answer: continuation)) }
            }
        }

        func take() -> Question? { questions.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    private static func changes(_ name: String, _ count: Int) throws -> [PushedChange] {
        let epoch = try #require(Epoch("e"))
        return try (1...count).map {
            PushedChange(id: try ChangeID("\(name)~\($0)"), receipt: PositionToken(epoch: epoch, number: UInt64($0)))
        }
    }

    /// Runs with questions on an event loop of the test's.
    private func withQuestions(
        _ body: (NIOAsyncTestingEventLoop, NIOLoopBound<OutcomeQuestions>, Log) async throws -> Void
    ) async throws {
        let eventLoop = NIOAsyncTestingEventLoop()
        let log = Log()
        let questions = try await eventLoop.submit {
            NIOLoopBound(
                OutcomeQuestions(on: eventLoop) { changes, _ in try await log.ask(changes) }, eventLoop: eventLoop)
        }.get()
        try await body(eventLoop, questions, log)
        await eventLoop.shutdownGracefully()
    }

    @Test("All who ask in one turn, or while a question is under way, share the next one, and each is told its own")
    func shared() async throws {
        let (board, other) = (try ApplicationID("board"), try ApplicationID("other"))
        let told = Mutex<[String: Int]>([:])
        try await withQuestions { eventLoop, questions, log in
            @Sendable func ask(_ name: String, _ count: Int) throws {
                let changes = try Self.changes(name, count)
                questions.value.ask(about: changes, in: board) { outcomes in
                    let rejected = outcomes.count { if case .rejected = $0 { true } else { false } }
                    told.withLock { $0[name] = outcomes.count * 100 + rejected }
                }
            }
            try await eventLoop.submit { for number in 1...50 { try ask("a\(number)", number % 2 + 1) } }.get()
            try await eventually("one question is asked") {
                await eventLoop.run()
                return log.sizes == [75]
            }
            try await eventLoop.submit { for number in 1...3 { try ask("b\(number)", 1) } }.get()
            // A question about another application is asked behind it and does not wait.
            try await eventLoop.submit {
                questions.value.ask(about: try Self.changes("c", 7), in: other) { _ in }
            }.get()
            try await eventually("the next waits for the answer, the other's does not") {
                await eventLoop.run()
                return log.sizes == [75, 7]
            }
            let first = try #require(log.take())
            try #require(log.take()).answer.resume(throwing: Log.Down())
            let rejection = Rejection(.testFailed)
            // Those of every second socket.
            first.answer.resume(
                returning: first.changes.map { $0.id.description.hasSuffix("~2") ? .rejected(rejection) : .settled })
            try await eventually("the next is asked") {
                await eventLoop.run()
                return log.sizes == [3]
            }
            #expect(told.withLock { $0.count } == 50)
            for number in 1...50 {
                #expect(told.withLock { $0["a\(number)"] } == (number % 2 == 0 ? 100 : 201))
            }
            // A log that cannot be asked leaves everything open.
            try #require(log.take()).answer.resume(throwing: Log.Down())
            try await eventually("they are told") {
                await eventLoop.run()
                return told.withLock { $0["b3"] } == 100
            }
        }
    }

    @Test("One question has so many changes at most, and a socket's are not torn apart")
    func bounded() async throws {
        let board = try ApplicationID("board")
        let most = OutcomeQuestions.mostChanges
        try await withQuestions { eventLoop, questions, log in
            for counts in [[most, 1], [most - 1, 2, 3], [most + 24, 1]] {
                try await eventLoop.submit {
                    for count in counts {
                        questions.value.ask(about: try Self.changes("a", count), in: board) { _ in }
                    }
                }.get()
                for size in [counts[0], counts.dropFirst().reduce(0, +)] {
                    try await eventually("a question of \(size) is asked") {
                        await eventLoop.run()
                        return log.sizes == [size]
                    }
                    let question = try #require(log.take())
                    question.answer.resume(returning: question.changes.map { _ in .settled })
                }
                await eventLoop.run()
            }
        }
    }
}
