import Testing

@testable import HTTPService

@Suite("Progress of a connection")
struct ConnectionProgressTests {
    private func connection(_ events: (inout ConnectionProgress) -> Void) -> ConnectionProgress {
        var progress = ConnectionProgress(discardedBodyBytes: 100)
        events(&progress)
        return progress
    }

    @Test("A new connection has to send a header in time, and so has each request from its first byte")
    func heads() {
        var progress = connection { _ in }
        #expect(progress.opened() == .start(.head))
        #expect(progress.bytesArrived() == .nothing)
        #expect(progress.headArrived(keepAlive: true, length: .none, awaitsContinue: false) == .cancelDeadline)
        #expect(progress.bytesArrived() == .nothing)
        #expect(progress.endArrived() == .cancelDeadline)
        #expect(progress.bytesArrived() == .start(.head))
        #expect(progress.passed(.head) == .close)
    }

    @Test("A deadline that was overtaken by what it waited for does nothing")
    func late() {
        var progress = connection { _ = $0.headArrived(keepAlive: true, length: .known(5), awaitsContinue: false) }
        #expect(progress.passed(.head) == .nothing)
        #expect(progress.endArrived() == .cancelDeadline)
        #expect(progress.passed(.body) == .nothing)
        #expect(!progress.isMalformed)
    }

    @Test("A body that is late fails its request, and the answer is the last")
    func lateBody() {
        var progress = connection { _ = $0.headArrived(keepAlive: true, length: .known(5), awaitsContinue: false) }
        #expect(progress.passed(.body) == .failRequest)
        #expect(progress.answerBegins() == true)
        #expect(progress.answerEnds() == .finish)
        #expect(!progress.isReading)
        #expect(progress.passed(.linger) == .close)
    }

    @Test("A body that is late after its answer ends the connection")
    func lateRest() {
        var progress = connection { _ = $0.headArrived(keepAlive: true, length: .known(5), awaitsContinue: false) }
        #expect(progress.answerBegins() == false)
        #expect(progress.answerEnds() == .nothing)
        #expect(progress.passed(.body) == .finish)
    }

    @Test(
        "An answer before the body's end keeps the connection only for little",
        arguments: [
            (ConnectionProgress.BodyLength.none, false, false), (.known(100), false, false), (.known(101), false, true),
            (.unknown, false, true), (.known(1), true, true),
        ])
    func early(length: ConnectionProgress.BodyLength, awaitsContinue: Bool, isLast: Bool) {
        var progress = connection {
            _ = $0.headArrived(keepAlive: true, length: length, awaitsContinue: awaitsContinue)
        }
        #expect(progress.answerBegins() == isLast)
    }

    @Test("“100 Continue” is sent once, and not into the answer of an earlier request")
    func continues() {
        var progress = connection { _ = $0.headArrived(keepAlive: true, length: .known(5), awaitsContinue: true) }
        let first = progress.bodyWanted()
        let second = progress.bodyWanted()
        #expect(first)
        #expect(!second)

        var pipelined = connection {
            _ = $0.headArrived(keepAlive: true, length: .none, awaitsContinue: false)
            _ = $0.endArrived()
            _ = $0.headArrived(keepAlive: true, length: .known(5), awaitsContinue: true)
        }
        let early = pipelined.bodyWanted()
        _ = pipelined.answerBegins()
        _ = pipelined.answerEnds()
        let inTurn = pipelined.bodyWanted()
        #expect(!early)
        #expect(inTurn)
    }

    @Test("Each of several requests decides for itself whether the connection goes on")
    func pipelined() {
        var progress = connection {
            _ = $0.headArrived(keepAlive: true, length: .none, awaitsContinue: false)
            _ = $0.endArrived()
            _ = $0.headArrived(keepAlive: false, length: .none, awaitsContinue: false)
            _ = $0.endArrived()
        }
        #expect(progress.answerBegins() == false)
        #expect(progress.answerEnds() == .nothing)
        #expect(progress.answerBegins() == true)
        #expect(progress.answerEnds() == .finish)
        // What the peer sends behind its last request is nobody's.
        #expect(progress.headArrived(keepAlive: true, length: .none, awaitsContinue: false) == .nothing)
        #expect(!progress.isReading)
    }

    @Test("Malformed bytes after a request do not spoil its answer, only the connection")
    func malformed() {
        var progress = connection {
            _ = $0.headArrived(keepAlive: true, length: .none, awaitsContinue: false)
            _ = $0.endArrived()
            $0.malformed()
        }
        #expect(progress.answerBegins() == false)
        #expect(progress.answerEnds() == .nothing)
        #expect(progress.answerBegins() == true)
        #expect(progress.answerEnds() == .finish)
    }
}
