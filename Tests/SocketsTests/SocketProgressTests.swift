import NIOCore
import NIOWebSocket
import Testing

@testable import Sockets

@Suite("Progress of a socket")
struct SocketProgressTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func progress(_ change: (inout SocketLimits) -> Void = { _ in }) -> SocketProgress {
        var limits = SocketLimits()
        change(&limits)
        return SocketProgress(limits, silence: .seconds(15))
    }

    private func frame(_ opcode: WebSocketOpcode, _ payload: String = "", isFinal: Bool = true) -> WebSocketFrame {
        var data = ByteBuffer(string: payload)
        let key: WebSocketMaskingKey = [1, 2, 3, 4]
        data.webSocketMask(key)
        return WebSocketFrame(fin: isFinal, opcode: opcode, maskKey: key, data: data)
    }

    private func close(_ code: Int) -> WebSocketFrame {
        var data = ByteBuffer()
        data.writeInteger(UInt16(code))
        let key: WebSocketMaskingKey = [0, 0, 0, 0]
        return WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: key, data: data)
    }

    private func tick(
        _ progress: inout SocketProgress, _ seconds: Int64, isReading: Bool = true, isWritable: Bool = true,
        isHolding: Bool = false, untaken: Int = 0
    ) -> SocketProgress.Action {
        progress.tick(
            start + .seconds(seconds), isReading: isReading, isWritable: isWritable, isHolding: isHolding,
            untaken: untaken)
    }

    @Test("A peer that is silent is pinged, and dropped if it stays silent")
    func silence() {
        var progress = progress()
        #expect([0, 14, 15, 16, 24].map { tick(&progress, $0) } == [.nothing, .nothing, .ping, .nothing, .nothing])
        #expect(tick(&progress, 25) == .drop)
        #expect(progress.phase == .closed)
    }

    @Test("Whatever comes from the peer is a sign of life")
    func life() {
        var progress = progress()
        #expect([0, 15].map { tick(&progress, $0) } == [.nothing, .ping])
        _ = progress.received(frame(.pong))
        #expect([20, 34, 35].map { tick(&progress, $0) } == [.nothing, .nothing, .ping])
        progress.heard()
        #expect([40, 54, 55].map { tick(&progress, $0) } == [.nothing, .nothing, .ping])
    }

    @Test("Silence that is our own doing counts for nothing")
    func notReading() {
        var progress = progress()
        #expect([0, 15, 30, 60].map { tick(&progress, $0, isReading: false) } == Array(repeating: .nothing, count: 4))
        #expect([61, 74, 75].map { tick(&progress, $0) } == [.nothing, .nothing, .ping])
    }

    @Test("A message has to be complete in time, however steadily it comes")
    func slowMessage() {
        var progress = progress()
        _ = progress.received(frame(.text, "a", isFinal: false))
        for second in 0..<30 {
            #expect(tick(&progress, Int64(second)) == .nothing)
            progress.heard()
        }
        #expect(tick(&progress, 30) == .finish(SocketClose(.policyViolation, "A message was not complete in time.")))
        // Each message has its own time.
        progress = self.progress()
        for second in 0..<60 {
            #expect(tick(&progress, Int64(second), isHolding: true) == .nothing)
            #expect(progress.received(frame(.text)) == .deliver(.text(ByteBuffer())))
        }
    }

    @Test("A peer that does not take what is sent is dropped")
    func stall() {
        var progress = progress()
        #expect(tick(&progress, 0, isReading: false, isWritable: false) == .nothing)
        #expect(tick(&progress, 29, isReading: false, isWritable: false) == .nothing)
        #expect(tick(&progress, 29) == .nothing)
        #expect(tick(&progress, 30, isReading: false, isWritable: false) == .nothing)
        #expect(tick(&progress, 60, isReading: false, isWritable: false) == .drop)
    }

    @Test("A peer that takes anything at all of what is sent is let read, also where a ping waits behind it")
    func slowReader() {
        var progress = progress()
        for second in 0..<200 {
            let untaken = 1_000 - second / 20
            #expect(
                tick(&progress, Int64(second), isReading: false, isWritable: false, untaken: untaken) == .nothing)
        }
        #expect(tick(&progress, 209, isReading: false, isWritable: false, untaken: 991) == .nothing)
        #expect(tick(&progress, 211, isReading: false, isWritable: false, untaken: 991) == .drop)
        // All is in the system's buffers, which it reads from. The ping is the last in them.
        progress = self.progress()
        #expect([0, 15].map { tick(&progress, $0) } == [.nothing, .ping])
        #expect([16, 24].map { tick(&progress, $0, untaken: 500) } == [.nothing, .nothing])
        #expect(tick(&progress, 25, untaken: 499) == .nothing)
        #expect([39, 40].map { tick(&progress, $0, untaken: 499) } == [.nothing, .ping])
        #expect([41, 49, 50].map { tick(&progress, $0, untaken: 499) } == [.nothing, .nothing, .drop])
    }

    @Test("We begin to close: what comes then is of no interest but the peer's close frame")
    func ourClose() {
        var progress = progress()
        let going = SocketClose(.goingAway, "Bye.")
        #expect(progress.close(going) == .close(going))
        #expect(progress.close(going) == .nothing)
        #expect(progress.received(frame(.text, "late")) == .nothing)
        #expect(progress.received(frame(.ping, "late")) == .nothing)
        #expect(tick(&progress, 0) == .nothing)
        #expect(progress.received(close(1001)) == .finish(nil))
        #expect(progress.phase == .closed)
        // Reading on has its end too.
        #expect(tick(&progress, 4) == .nothing)
        #expect(tick(&progress, 6) == .drop)
    }

    @Test("A peer that does not answer a close frame is dropped")
    func unansweredClose() {
        var progress = progress()
        _ = progress.close(SocketClose(.goingAway))
        #expect([0, 4, 5].map { tick(&progress, $0) } == [.nothing, .nothing, .drop])
    }

    @Test("The peer begins to close: its code is sent back, once")
    func peerCloses() {
        var progress = progress()
        #expect(progress.received(close(3000)) == .finish(SocketClose(.unknown(3000))))
        #expect(progress.received(close(1000)) == .nothing)
        #expect(progress.received(frame(.text, "late")) == .nothing)
        #expect(progress.close(SocketClose(.goingAway)) == .nothing)
    }

    @Test("A connection that ends without a close frame is dropped")
    func inputClosed() {
        var progress = progress()
        #expect(progress.inputClosed() == .drop)
        #expect(progress.received(frame(.text, "late")) == .nothing)
    }

    @Test("Fragments count together towards the limit")
    func fragmentsAreBounded() {
        var progress = progress {
            $0.changeBytes = 3
            $0.envelopeBytes = 0
        }
        #expect(progress.received(frame(.text, "ab", isFinal: false)) == .nothing)
        #expect(progress.incompleteBytes == 2)
        #expect(progress.received(frame(.continuation, "c")) == .deliver(.text(ByteBuffer(string: "abc"))))
        #expect(progress.incompleteBytes == 0)
        _ = progress.received(frame(.text, "ab", isFinal: false))
        #expect(progress.received(frame(.continuation, "cd", isFinal: false)) == .finish(.tooLarge(3)))
        #expect(progress.incompleteBytes == 0)
    }
}
