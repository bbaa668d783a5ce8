// The Swift client's workers while answers are lost, networks are cut and servers die.

import CisternClient
import SystemSupport
import TestSupport
import Testing

@Suite("The Swift client's workers and what may befall them", .serialized, .timeLimit(.minutes(20)))
struct WorkerFaultTests {
    @Test("Answers that are lost double nothing: neither the wish, nor the work, nor its end")
    func lostAnswers() async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                let client = try CisternClient(url: gate.url)
                let board = try client.application("board")
                gate.loseAnswers(2, to: { $0.hasPrefix("put /v1/apps/board/operations/") })
                let operation = try await board.start(NewOperation("export"))
                #expect(operation.status == .queued && gate.timesToLose == 0)
                let notes = WorkNotes()
                let worker = try client.worker("w1")
                gate.loseAnswers(2, to: { $0.contains(":heartbeat ") })
                let running = run(worker, notes) { claim in
                    notes.add("attempt \(claim.operation.attempt)")
                    try await claim.keep("1")
                    #expect(gate.timesToLose == 0)
                    gate.loseAnswers(2, to: { $0.contains("/result ") })
                    return textResult("x")
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
            let notes = WorkNotes()
            let workers = try ["w1", "w2"].map { try client.worker($0, lease: .seconds(1)) }
            let running = workers.map { worker in
                run(worker, notes) { claim in
                    notes.add("attempt \(claim.operation.attempt)")
                    try await Task.sleep(for: .seconds(4))
                    return textResult("x")
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
            let notes = WorkNotes()
            let worker = try client.worker("w1", lease: .seconds(1))
            let running = run(worker, notes) { claim in
                try await Task.sleep(for: .milliseconds(1_500))
                return textResult("x")
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
                let (notes, stop) = (WorkNotes(), WorkStop())
                let cutOff = try far.worker("far", lease: .seconds(2))
                let first = run(cutOff, notes) { claim in
                    notes.add("far begins")
                    do { try await stop.pass() } catch {
                        notes.add("far ends")
                        throw error
                    }
                    return textResult("far")
                }
                try await eventually("it is begun") { notes.all == ["far begins"] }
                try await gate.shut()
                let worker = try near.worker("near")
                let second = run(worker, notes) { claim in
                    notes.add("near begins \(claim.operation.attempt)")
                    return textResult("near")
                }
                try await eventually(within: .seconds(20), "both have ended: \(notes.all)") { notes.all.count == 5 }
                let order = notes.all
                #expect(order[1] == "far ends" && order.contains("\(operation.id) lost"), "\(order)")
                #expect(order.contains("near begins 2") && order.contains("\(operation.id) finished"), "\(order)")
                #expect(try await board.result(of: operation.id) == textResult("near"))

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
                    try await claim.finish(textResult("x"))
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
}
