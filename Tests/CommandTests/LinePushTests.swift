// What is told about changes that were pushed line by line, logs that were listed, and applications that are watched.

import CisternClient
import Testing

@testable import cistern

@Suite("What the live commands tell")
struct LinePushTests {
    @Test("Counts add up, and lines without an outcome are named")
    func tally() throws {
        var tally = PushTally()
        for line in [1, 2, 4, 5] { tally.begin(line) }
        tally.end(1, .failure(.closed))
        tally.end(2, .failure(.notJSON("x")))
        #expect(tally.summary == "1 change: 1 refused.")
        #expect(tally.hasFailures)
        #expect(tally.remainder(keptIn: nil) == "3 changes from line 1 on are not known to have arrived.")
        #expect(tally.remainder(keptIn: "f")?.hasSuffix("; f keeps what was not sent for the next time.") == true)
        #expect(PushTally().summary == "0 changes." && PushTally().remainder(keptIn: nil) == nil)
    }

    @Test("What a person who watches is told is told once")
    func notes() {
        var notes = WatchNotes(app: "a", isLive: true)
        var status = LiveStatus(phase: .connecting, way: .socket, pendingCount: 0, isDurable: false)
        #expect(notes.take(status).isEmpty)
        status.phase = .live
        status.exists = false
        #expect(
            notes.take(status) == [
                "States come by a WebSocket.", "There is no application “a” yet; waiting for its first change.",
            ])
        #expect(notes.take(status).isEmpty)
        status.phase = .connecting
        status.problem = .unreachable(url: "u", reason: "r")
        #expect(notes.take(status).count == 1 && notes.take(status).isEmpty)
        status.phase = .live
        status.way = .events
        #expect(notes.take(status) == ["States come by Server-Sent Events now.", "The server is back."])
        status.exists = true
        #expect(notes.take(status).isEmpty)
        status.exists = false
        #expect(notes.take(status) == ["“a” was deleted."])
    }
}
