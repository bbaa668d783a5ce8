// The Swift client's operations and workers with real servers.

import CisternClient
import Synchronization
import SystemSupport
import TestSupport
import Testing

@Suite("The Swift client's operations and workers", .serialized, .timeLimit(.minutes(20)))
struct WorkerTests {
    @Test("From the wish to the result, everybody seeing how it goes")
    func wholeWay() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let wanted = NewOperation("export", #"{"rows":[1,2]}"#)
            #expect(try await board.start(wanted).status == .queued)
            let (notes, first, second) = (WorkNotes(), WorkStop(), WorkStop())
            let worker = try client.worker("w1")
            let running = run(worker, notes) { claim in
                claim.report(.init(percent: 50, message: "Half"))
                try await first.pass()
                try await claim.keep(#"{"row":1}"#)
                claim.report(.init(percent: 75))
                try await second.pass()
                return textResult("done \(claim.input) \(claim.operation.attempt)")
            }
            var seen: [String] = []
            for try await news in board.news(of: wanted.id) {
                seen.append("\(news.status) \(news.progress?.percent ?? 0)")
                if news.progress?.percent == 50 { first.open() }
                if news.progress?.percent == 75 { second.open() }
            }
            #expect(seen.suffix(3) == ["running 50.0", "running 75.0", "succeeded 75.0"], "\(seen)")
            #expect(try await board.result(of: wanted.id) == textResult(#"done {"rows":[1,2]} 1"#))
            #expect(try await board.start(wanted).status == .succeeded)
            worker.drain()
            await running.value
            #expect(notes.all == ["\(wanted.id) finished"])
            #expect(try await board.deleteOperation(wanted.id) == nil)
            await client.shutdown()
        }
    }

    @Test("What nobody wants any more is stopped by cancelling its task; a result that comes all the same counts")
    func cancelled() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let board = try client.application("board")
            let notes = WorkNotes()
            let worker = try client.worker("w1", lease: .seconds(1), concurrency: 2)
            let running = run(worker, notes) { claim in
                notes.add("\(claim.operation.id) begins")
                do { try await WorkStop().pass() } catch {
                    if claim.operation.id == "stubborn" { return textResult("done") }
                    throw error
                }
                return textResult("never")
            }
            for id in ["meek", "stubborn"] {
                try await board.start(NewOperation("export", id: id))
                try await eventually("\(id) has begun") { notes.all.contains("\(id) begins") }
                #expect(try await board.cancelOperation(id).status == .cancelling)
            }
            try await eventually("both are over: \(notes.all)") { notes.all.count == 4 }
            #expect(Set(notes.all).isSuperset(of: ["meek cancelled", "stubborn finished"]), "\(notes.all)")
            #expect(try await board.operation("meek").status == .cancelled)
            #expect(try await board.result(of: "stubborn") == textResult("done"))
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
            let (notes, stop) = (WorkNotes(), WorkStop())
            let drained = try client.worker("w1")
            let first = run(drained, notes) { claim in
                notes.add("\(claim.operation.id) begins")
                try await stop.pass()
                return textResult("x")
            }
            try await board.start(NewOperation("export", id: "e1"))
            try await eventually("it is begun") { notes.all == ["e1 begins"] }
            try await board.start(NewOperation("export", id: "e2"))
            drained.drain()
            stop.open()
            await first.value
            #expect(notes.all == ["e1 begins", "e1 finished"])

            for _ in 0..<2 {
                let again = WorkNotes()
                let cancelled = run(try client.worker("w2"), again) { claim in
                    again.add("\(claim.operation.id) \(claim.operation.attempt)")
                    try await WorkStop().pass()
                    return textResult("x")
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
            let notes = WorkNotes()
            let worker = try client.worker("w1")
            let running = run(worker, notes) { claim in
                switch (claim.operation.id, claim.operation.attempt) {
                case ("later", 1):
                    try await claim.keep(#"{"row":7}"#)
                    throw WorkFailure(code: "busy", message: "Not now", isRetryable: true, retryAfter: .seconds(1))
                case ("never", _): throw WorkFailure(code: "no-rows", message: "There are none", isRetryable: false)
                case ("large", _): return OperationResult(bytes: Array(repeating: 0, count: 2 << 20), mediaType: "a/b")
                case ("odd", 1): throw Odd()
                default: return textResult("\(claim.checkpoint?.description ?? "-")")
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
            #expect(try await board.result(of: "later") == textResult(#"{"row":7}"#))
            worker.drain()
            await running.value
            await client.shutdown()
        }
    }

    @Test("Two workers share what there is, each operation is done once, and no worker does more than it may at a time")
    func sharing() async throws {
        try await withCistern(CisternOptions(pollers: 2)) { system in
            let notes = WorkNotes()
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
                    return textResult("x")
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
