import NIOCore
import Testing

@testable import HTTPService

/// The front's decisions, without a connection. Times are seconds since some beginning.
@Suite("Progress of a connection's front")
struct FrontProgressTests {
    private func at(_ seconds: Int) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(Int64(seconds)) }

    private func progress(_ events: (inout FrontProgress) -> Void = { _ in }) -> FrontProgress {
        var limits = HTTPLimits()
        limits.headDeadline = .seconds(10)
        limits.keepAlive = .seconds(75)
        limits.writeStall = .seconds(30)
        var progress = FrontProgress(times: FrontTimes(limits))
        _ = progress.opened(hasLanes: true, at: at(0))
        events(&progress)
        return progress
    }

    private func waiting(isPatient: Bool) -> FrontProgress {
        progress {
            #expect($0.next(held: 9) == .look)
            $0.requestArrived()
            $0.replyIsOwed(isPatient: isPatient)
            #expect($0.settle(held: 0, at: at(1)) == .nothing)
        }
    }

    private func streaming() -> FrontProgress {
        var progress = waiting(isPatient: false)
        let began = progress.streamBegan()
        #expect(began)
        return progress
    }

    @Test("A peer that says nothing is closed when its time for a head is over")
    func silent() {
        var progress = progress()
        #expect(progress.tick(at(9), untaken: 0) == .nothing)
        #expect(progress.tick(at(10), untaken: 0) == .close)
        #expect(progress.tick(at(99), untaken: 0) == .nothing)
    }

    @Test("Without lanes everything is the pipeline's, which is built once")
    func noLanes() {
        var progress = FrontProgress(times: FrontTimes(HTTPLimits()))
        #expect(progress.opened(hasLanes: false, at: at(0)) == .leave)
        let needs = [progress.needsPipeline(), progress.needsPipeline()]
        #expect(needs == [true, false])
        #expect(progress.bytesArrived() == .passOn)
        #expect(progress.tick(at(1_000), untaken: 0) == .nothing)
        #expect(progress.pipelineBecameIdle(at: at(1)) == .nothing)
        #expect(progress.tick(at(76), untaken: 0) == .close)
    }

    @Test("Idle time begins with the first tick after an answer, and again after each further one")
    func idle() {
        var progress = progress { #expect($0.settle(held: 0, at: at(1)) == .nothing) }
        #expect(progress.tick(at(5), untaken: 0) == .nothing)
        #expect(progress.settle(held: 0, at: at(70)) == .nothing)
        #expect(progress.tick(at(71), untaken: 0) == .nothing)
        #expect(progress.tick(at(145), untaken: 0) == .nothing)
        #expect(progress.tick(at(146), untaken: 0) == .close)
    }

    @Test("The time for a head runs from its first byte, however it drips")
    func drip() {
        var progress = progress { _ = $0.settle(held: 0, at: at(1)) }
        progress.headIsIncomplete(held: 1, at: at(2))
        #expect(progress.next(held: 1) == .stop)
        #expect(progress.next(held: 2) == .look)
        progress.headIsIncomplete(held: 2, at: at(11))
        #expect(progress.settle(held: 2, at: at(11)) == .nothing)
        #expect(progress.tick(at(12), untaken: 0) == .close)
    }

    @Test("A body that is slow in coming leaves for the route, not so where the peer does not read")
    func slowBody() {
        var slow = progress { $0.bodyIsIncomplete(bytes: 100, at: at(1)) }
        #expect(slow.next(held: 99) == .stop)
        #expect(slow.tick(at(2), untaken: 0) == .leave)
        #expect(slow.mode == .left)
        var deaf = progress { $0.bodyIsIncomplete(bytes: 100, at: at(1)) }
        #expect(deaf.writabilityChanged(to: false, at: at(1)) == .nothing)
        #expect(deaf.tick(at(31), untaken: 0) == .close)
    }

    @Test("The pipeline gets exactly the bytes of its request, then the next is looked at when it has answered")
    func passing() {
        var progress = progress { $0.pass(bytes: 10) }
        #expect(progress.next(held: 4) == .pass(4))
        #expect(progress.pipelineBecameIdle(at: at(1)) == .nothing)
        #expect(progress.next(held: 20) == .pass(6))
        #expect(progress.next(held: 14) == .stop)
        #expect(progress.pipelineBecameIdle(at: at(1)) == .goOn)
        #expect(progress.next(held: 14) == .look)
    }

    @Test("A peer that has finished sending gets its answer, and half a request is the decoder's")
    func halfClosed() {
        var empty = progress()
        #expect(empty.inputClosed(held: 0, at: at(1)) == .finish)
        var half = progress()
        #expect(half.inputClosed(held: 5, at: at(1)) == .leave)
        var passing = progress { $0.pass(bytes: 10) }
        #expect(passing.inputClosed(held: 0, at: at(1)) == .leave)
        var short = waiting(isPatient: false)
        #expect(short.inputClosed(held: 0, at: at(1)) == .nothing)
        let replied = short.replied()
        #expect(replied)
        #expect(short.settle(held: 0, at: at(2)) == .finish)
    }

    @Test(
        "Who waits patiently or is sent a stream and finishes sending is answered now, and then closed",
        arguments: [false, true])
    func left(streams: Bool) {
        var progress = streams ? streaming() : waiting(isPatient: true)
        #expect(progress.inputClosed(held: 0, at: at(2)) == .tellNow)
        let isDone = streams ? progress.streamEnded() : progress.replied()
        #expect(isDone)
        #expect(progress.settle(held: 0, at: at(2)) == .finish)
        #expect(progress.mode == .closing)
    }

    @Test("The same where the end had come before the lane began to listen")
    func leftBefore() {
        var early = progress { $0.replyIsOwed(isPatient: false) }
        #expect(early.inputClosed(held: 0, at: at(2)) == .nothing)
        #expect(early.isEnding)
        early.replyBecamePatient()
        #expect(early.missed() == .tellNow)

        var next = waiting(isPatient: false)
        #expect(next.inputClosed(held: 9, at: at(2)) == .nothing)
        _ = next.replied()
        #expect(next.next(held: 9) == .look)
        next.replyIsOwed(isPatient: true)
        #expect(next.isEnding && next.missed() == .tellNow)
    }

    @Test("A stop ends idle connections, tells who waits, passes on what is not the front's, and lets no request begin")
    func stop() {
        var idle = progress()
        #expect(idle.quiesce(at: at(1)) == .finish)
        var body = progress { $0.bodyIsIncomplete(bytes: 100, at: at(1)) }
        #expect(body.quiesce(at: at(1)) == .leave)
        var short = waiting(isPatient: false)
        #expect(short.quiesce(at: at(1)) == .nothing)
        short.replyBecamePatient()
        #expect(short.missed() == .tellNow)
        var patient = waiting(isPatient: true)
        #expect(patient.quiesce(at: at(1)) == .tellNow)
        _ = patient.replied()
        #expect(patient.next(held: 9) == .stop)
        #expect(patient.settle(held: 9, at: at(1)) == .finish)
        var stream = streaming()
        #expect(stream.quiesce(at: at(1)) == .tellNow)
        // More bytes are no second stop.
        #expect(stream.settle(held: 3, at: at(1)) == .nothing)
        var taken = progress { $0.take() }
        #expect(taken.quiesce(at: at(1)) == .passOn)
        var passing = progress { $0.pass(bytes: 9) }
        #expect(passing.quiesce(at: at(1)) == .passOn)
    }

    @Test("A stream has no deadline but that of a peer that does not read")
    func streamDeadlines() {
        var stream = streaming()
        #expect(stream.tick(at(100_000), untaken: 0) == .nothing)
        #expect(stream.writabilityChanged(to: false, at: at(100)) == .nothing)
        #expect(stream.tick(at(129), untaken: 0) == .nothing)
        #expect(stream.writabilityChanged(to: true, at: at(129)) == .tellWritable)
        #expect(stream.tick(at(1_000), untaken: 0) == .nothing)
        #expect(stream.writabilityChanged(to: false, at: at(2_000)) == .nothing)
        #expect(stream.tick(at(2_030), untaken: 0) == .close)
        // It may begin with a peer that has not read what it was answered before.
        var deaf = waiting(isPatient: false)
        #expect(deaf.writabilityChanged(to: false, at: at(1)) == .nothing)
        #expect(deaf.settle(held: 0, at: at(1)) == .nothing)
        _ = deaf.streamBegan()
        #expect(deaf.tick(at(31), untaken: 0) == .close)
    }

    @Test(
        "A peer that takes anything at all of what was written is let read, and one that takes nothing is not",
        arguments: [false, true])
    func slowReader(streams: Bool) {
        var progress = streams ? streaming() : progress { _ = $0.settle(held: 0, at: at(1)) }
        #expect(progress.writabilityChanged(to: false, at: at(2)) == .nothing)
        // A byte in every 29 seconds, and something is written to it meanwhile.
        for (look, bytes) in [1_000, 999, 2_000, 1_999, 1_998].enumerated() {
            #expect(progress.tick(at(3 + 14 * look), untaken: bytes) == .nothing)
        }
        #expect(progress.tick(at(88), untaken: 1_998) == .nothing)
        #expect(progress.tick(at(89), untaken: 1_998) == .close)
    }

    @Test("The last answer of a connection is let go through in the same way, and idle time begins behind an answer")
    func slowEnd() {
        var last = progress()
        #expect(last.quiesce(at: at(0)) == .finish)
        #expect(last.tick(at(29), untaken: 10) == .nothing)
        #expect(last.writabilityChanged(to: true, at: at(29)) == .nothing)
        #expect(last.tick(at(57), untaken: 9) == .nothing)
        #expect(last.tick(at(58), untaken: 8) == .nothing)
        #expect(last.tick(at(87), untaken: 8) == .nothing)
        #expect(last.tick(at(88), untaken: 8) == .close)
        var behind = progress { $0.pass(bytes: 0) }
        #expect(behind.writabilityChanged(to: false, at: at(1)) == .nothing)
        #expect(behind.pipelineBecameIdle(at: at(1)) == .goOn)
        for second in 2...200 { #expect(behind.tick(at(second), untaken: 1_000 - second) == .nothing) }
    }

    @Test("While an answer is under way bytes are held up to a bound, and none is looked at")
    func held() {
        for var progress in [waiting(isPatient: false), waiting(isPatient: true), streaming()] {
            #expect(progress.bytesArrived() == .hold)
            #expect(progress.next(held: 100) == .stop)
            #expect(progress.mayRead(held: FrontProgress.mostHeld - 1))
            #expect(!progress.mayRead(held: FrontProgress.mostHeld))
        }
        var stream = streaming()
        let ended = stream.streamEnded()
        #expect(ended)
        #expect(stream.next(held: 100) == .look)
    }

    @Test("Who waits has no deadline of the front's, nor has a connection that was taken over")
    func noDeadline() {
        for var progress in [waiting(isPatient: true), progress { $0.take() }] {
            #expect(progress.tick(at(100_000), untaken: 0) == .nothing)
            #expect(progress.writabilityChanged(to: false, at: at(100_000)) == .nothing)
            #expect(progress.tick(at(200_000), untaken: 0) == .nothing)
        }
        var taken = progress { $0.take() }
        #expect(taken.bytesArrived() == .passOn)
        #expect(taken.mayRead(held: .max))
        #expect(taken.inputClosed(held: 0, at: at(1)) == .passOn)
        #expect(taken.pipelineBecameIdle(at: at(1)) == .nothing)
        #expect(taken.tick(at(1_000), untaken: 0) == .nothing)
    }

    @Test("What has closed stays closed")
    func closed() {
        var progress = progress { $0.closed() }
        progress.replyIsOwed(isPatient: true)
        #expect(progress.mode == .closing)
        #expect(progress.bytesArrived() == .drop)
        #expect(progress.missed() == .dropPeer)
        #expect(progress.settle(held: 1, at: at(1)) == .nothing)
    }
}
