// The Swift client's operations and workers with real servers.

import CisternClient
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

/// What workers have done and how it ended.
private final class Notes: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A place where work stands until it is let go, or its task is cancelled.
private final class Stop: Sendable {
    private let isOpen = Mutex(false)
    func open() { isOpen.withLock { $0 = true } }
    func pass() async throws {
        while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

private func text(_ text: String) -> OperationResult {
    OperationResult(bytes: Array(text.utf8), mediaType: "text/plain")
}

extension CisternClient {
    fileprivate func worker(_ name: String, lease: Duration = .seconds(30), concurrency: Int = 1) throws -> Worker {
        try worker(.init(kinds: ["export"], name: name, lease: lease, concurrency: concurrency))
    }
}

@Suite("The Swift client's operations and workers", .serialized, .timeLimit(.minutes(20)))
struct WorkerTests {
    private func run(
        _ worker: Worker, _ notes: Notes, _ body: @escaping @Sendable (Claim) async throws -> OperationResult
    ) -> Task<Void, Never> {
        Task {
            do {
                try await worker.run(report: { claim, ending in notes.add("\(claim.operation.id) \(ending)") }, body)
            } catch {
                notes.add("\(error)")
            }
        }
    }

    @Test("From the wish to the result, everybody seeing how it goes")
    func wholeWay() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let wanted = NewOperation("export", #"{"rows":[1,2]}"#)
            #expect(try await board.start(wanted).status == .queued)
            let (notes, first, second) = (Notes(), Stop(), Stop())
            let worker = try client.worker("w1")
            let running = run(worker, notes) { claim in
                claim.report(.init(percent: 50, message: "Half"))
                try await first.pass()
                try await claim.keep(#"{"row":1}"#)
                claim.report(.init(percent: 75))
                try await second.pass()
                return text("done \(claim.input) \(claim.operation.attempt)")
            }
            var seen: [String] = []
            for try await news in board.news(of: wanted.id) {
                seen.append("\(news.status) \(news.progress?.percent ?? 0)")
                if news.progress?.percent == 50 { first.open() }
                if news.progress?.percent == 75 { second.open() }
            }
            #expect(seen.suffix(3) == ["running 50.0", "running 75.0", "succeeded 75.0"], "\(seen)")
            #expect(try await board.result(of: wanted.id) == text(#"done {"rows":[1,2]} 1"#))
            #expect(try await board.start(wanted).status == .succeeded)
            worker.drain()
            await running.value
            #expect(notes.all == ["\(wanted.id) finished"])
            #expect(try await board.deleteOperation(wanted.id) == nil)
            await client.shutdown()
        }
    }

    @Test("Answers that are lost double nothing: neither the wish, nor the work, nor its end")
    func lostAnswers() async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                let client = try CisternClient(url: gate.url)
                let board = try client.application("board")
                gate.loseAnswers(2, to: { $0.hasPrefix("put /v1/apps/board/operations/") })
                let operation = try await board.start(NewOperation("export"))
                #expect(operation.status == .queued && gate.timesToLose == 0)
                let notes = Notes()
                let worker = try client.worker("w1")
                gate.loseAnswers(2, to: { $0.contains(":heartbeat ") })
                let running = run(worker, notes) { claim in
                    notes.add("attempt \(claim.operation.attempt)")
                    try await claim.keep("1")
                    #expect(gate.timesToLose == 0)
                    gate.loseAnswers(2, to: { $0.contains("/result ") })
                    return text("x")
                }
                try await eventually("it is done") { notes.all.count == 2 }
                #expect(notes.all == ["attempt 1", "\(operation.id) finished"] && gate.timesToLose == 0)
                worker.drain()
                await running.value
                await client.shutdown()
            }
        }
    }

    @Test("Work that takes longer than its lease is kept by heartbeats, and nobody else gets it")
    func longWork() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let operation = try await board.start(NewOperation("export"))
            let notes = Notes()
            let workers = try ["w1", "w2"].map { try client.worker($0, lease: .seconds(1)) }
            let running = workers.map { worker in
                run(worker, notes) { claim in
                    notes.add("attempt \(claim.operation.attempt)")
                    try await Task.sleep(for: .seconds(4))
                    return text("x")
                }
            }
            try await eventually(within: .seconds(20), "it is done") { notes.all.count >= 2 }
            #expect(notes.all == ["attempt 1", "\(operation.id) finished"])
            for worker in workers { worker.drain() }
            for task in running { await task.value }
            await client.shutdown()
        }
    }

    @Test("What is claimed after a wait that was longer than a lease is held as any other")
    func longWait() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let notes = Notes()
            let worker = try client.worker("w1", lease: .seconds(1))
            let running = run(worker, notes) { claim in
                try await Task.sleep(for: .milliseconds(1_500))
                return text("x")
            }
            try await Task.sleep(for: .seconds(2))
            try await board.start(NewOperation("export", id: "e1"))
            try await eventually("it is done") { !notes.all.isEmpty }
            #expect(try await board.operation("e1").attempt == 1)
            #expect(notes.all == ["e1 finished"])
            worker.drain()
            await running.value
            await client.shutdown()
        }
    }

    @Test("A worker that hears nothing any more stops before its lease is over, and another one has it alone")
    func lostLease() async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                let (far, near) = (try CisternClient(url: gate.url), try CisternClient(url: system.poller.url))
                let board = try near.application("board")
                let operation = try await board.start(NewOperation("export"))
                let (notes, stop) = (Notes(), Stop())
                let cutOff = try far.worker("far", lease: .seconds(2))
                let first = run(cutOff, notes) { claim in
                    notes.add("far begins")
                    do { try await stop.pass() } catch {
                        notes.add("far ends")
                        throw error
                    }
                    return text("far")
                }
                try await eventually("it is begun") { notes.all == ["far begins"] }
                try await gate.shut()
                let worker = try near.worker("near")
                let second = run(worker, notes) { claim in
                    notes.add("near begins \(claim.operation.attempt)")
                    return text("near")
                }
                try await eventually(within: .seconds(20), "both have ended: \(notes.all)") { notes.all.count == 5 }
                let order = notes.all
                #expect(order[1] == "far ends" && order.contains("\(operation.id) lost"), "\(order)")
                #expect(order.contains("near begins 2") && order.contains("\(operation.id) finished"), "\(order)")
                #expect(try await board.result(of: operation.id) == text("near"))

                // It comes back by itself.
                try await gate.open()
                worker.drain()
                await second.value
                try await board.start(NewOperation("export", id: "e2"))
                stop.open()
                try await eventually(within: .seconds(60), "the other one is at work again") {
                    notes.all.contains("e2 finished")
                }
                cutOff.drain()
                await first.value
                await near.shutdown()
                await far.shutdown()
            }
        }
    }

    @Test("What nobody wants any more is stopped by cancelling its task; a result that comes all the same counts")
    func cancelled() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let notes = Notes()
            let worker = try client.worker("w1", lease: .seconds(1), concurrency: 2)
            let running = run(worker, notes) { claim in
                notes.add("\(claim.operation.id) begins")
                do { try await Stop().pass() } catch {
                    if claim.operation.id == "stubborn" { return text("done") }
                    throw error
                }
                return text("never")
            }
            for id in ["meek", "stubborn"] {
                try await board.start(NewOperation("export", id: id))
                try await eventually("\(id) has begun") { notes.all.contains("\(id) begins") }
                #expect(try await board.cancelOperation(id).status == .cancelling)
            }
            try await eventually("both are over: \(notes.all)") { notes.all.count == 4 }
            #expect(Set(notes.all).isSuperset(of: ["meek cancelled", "stubborn finished"]), "\(notes.all)")
            #expect(try await board.operation("meek").status == .cancelled)
            #expect(try await board.result(of: "stubborn") == text("done"))
            worker.drain()
            await running.value
            await client.shutdown()
        }
    }

    @Test("Told to stop, a worker ends what it has and takes nothing more; cancelled, it gives back what it has")
    func stopping() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let (notes, stop) = (Notes(), Stop())
            let drained = try client.worker("w1")
            let first = run(drained, notes) { claim in
                notes.add("\(claim.operation.id) begins")
                try await stop.pass()
                return text("x")
            }
            try await board.start(NewOperation("export", id: "e1"))
            try await eventually("it is begun") { notes.all == ["e1 begins"] }
            try await board.start(NewOperation("export", id: "e2"))
            drained.drain()
            stop.open()
            await first.value
            #expect(notes.all == ["e1 begins", "e1 finished"])

            for _ in 0..<2 {
                let again = Notes()
                let cancelled = run(try client.worker("w2"), again) { claim in
                    again.add("\(claim.operation.id) \(claim.operation.attempt)")
                    try await Stop().pass()
                    return text("x")
                }
                try await eventually("it is begun") { again.all == ["e2 1"] }
                cancelled.cancel()
                await cancelled.value
                #expect(again.all == ["e2 1", "e2 givenBack"])
            }
            // It was given back, not left to run out.
            #expect(try await board.operation("e2").status == .queued)
            await client.shutdown()
        }
    }

    @Test("A failure that may pass is tried again, one that does not is the end, and a throwing worker loses nothing")
    func failures() async throws {
        struct Odd: Error {}
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let notes = Notes()
            let worker = try client.worker("w1")
            let running = run(worker, notes) { claim in
                switch (claim.operation.id, claim.operation.attempt) {
                case ("later", 1):
                    try await claim.keep(#"{"row":7}"#)
                    throw WorkFailure(code: "busy", message: "Not now", isRetryable: true, retryAfter: .seconds(1))
                case ("never", _): throw WorkFailure(code: "no-rows", message: "There are none", isRetryable: false)
                case ("large", _): return OperationResult(bytes: Array(repeating: 0, count: 2 << 20), mediaType: "a/b")
                case ("odd", 1): throw Odd()
                default: return text("\(claim.checkpoint?.description ?? "-")")
                }
            }
            for id in ["later", "never", "large", "odd"] { try await board.start(NewOperation("export", id: id)) }
            for (id, status) in [
                ("later", .succeeded), ("never", .failed), ("large", .failed), ("odd", .succeeded),
            ] as [(String, LongOperation.Status)] {
                var last: LongOperation?
                for try await news in board.news(of: id) { last = news }
                #expect(last?.status == status, "\(id)")
                switch id {
                case "never": #expect(last?.error == #"{"code":"no-rows","message":"There are none"}"#)
                case "large": #expect(last?.error?.description.contains("operation-too-large") == true)
                default: break
                }
            }
            #expect(try await board.result(of: "later") == text(#"{"row":7}"#))
            worker.drain()
            await running.value
            await client.shutdown()
        }
    }

    @Test("Two workers share what there is, each operation is done once, and no worker does more than it may at a time")
    func sharing() async throws {
        try await withCistern(CisternOptions(pollers: 2)) { system in
            let notes = Notes()
            let most = Mutex([0, 0])
            let clients = try system.pollers.map { try CisternClient(url: $0.url) }
            let board = try clients[0].application("board")
            let workers = try clients.map { try $0.worker("w", concurrency: 3) }
            let running = workers.enumerated().map { number, worker in
                let busy = Mutex(0)
                return run(worker, notes) { claim in
                    let now = busy.withLock { busy in
                        busy += 1
                        return busy
                    }
                    most.withLock { $0[number] = max($0[number], now) }
                    try await Task.sleep(for: .milliseconds(30))
                    busy.withLock { $0 -= 1 }
                    return text("x")
                }
            }
            let ids = (1...40).map { "e\($0)" }
            for id in ids { try await board.start(NewOperation("export", id: id)) }
            try await eventually(within: .seconds(60), "all are done") { notes.all.count == ids.count }
            #expect(Set(notes.all) == Set(ids.map { "\($0) finished" }))
            #expect(most.withLock { $0 }.allSatisfy { (2...3).contains($0) }, "\(most.withLock { $0 })")
            for worker in workers { worker.drain() }
            for task in running { await task.value }
            for client in clients { await client.shutdown() }
        }
    }

    @Test("Workers and those who wait outlive a server that dies, one claim after the other")
    func deadServers() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let worker = try client.worker("w1")
            let working = Task {
                var attempts: [Int] = []
                for try await claim in worker {
                    attempts.append(claim.operation.attempt)
                    system.poller.kill()
                    try await system.poller.launch()
                    try await claim.finish(text("x"))
                }
                return attempts
            }
            for id in ["e1", "e2"] {
                try await board.start(NewOperation("export", id: id))
                var last: LongOperation?
                for try await news in board.news(of: id) { last = news }
                #expect(last?.status == .succeeded)
            }
            worker.drain()
            #expect(try await working.value == [1, 1])
            await client.shutdown()
        }
    }

    @Test("A claim that is let go of without a word runs out: that was one attempt")
    func abandoned() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            try await board.start(NewOperation("export", id: "e1", attempts: 2))
            let worker = try client.worker("w1", lease: .seconds(1))
            var attempts: [Int] = []
            for try await claim in worker {
                attempts.append(claim.operation.attempt)
                if attempts.count == 2 { break }
            }
            #expect(attempts == [1, 2])
            try await eventually("it is dead") { try await board.operation("e1").status == .dead }
            await client.shutdown()
        }
    }

    @Test("Where nothing can be claimed a worker ends and says so; a name that is none is no worker")
    func refused() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            #expect(throws: CisternError.self) { try client.worker(.init(kinds: ["a b"])) }
            #expect(throws: CisternError.self) { try client.worker(.init(kinds: [])) }
            #expect(throws: CisternError.self) { try client.worker(.init(kinds: ["a"], lease: .milliseconds(1))) }
            // It knows nothing of operations.
            let elsewhere = try CisternClient(url: system.merger.url)
            await #expect(throws: CisternError.self) { for try await _ in try elsewhere.worker("w1") {} }
            await client.shutdown()
            await elsewhere.shutdown()
        }
    }
}
