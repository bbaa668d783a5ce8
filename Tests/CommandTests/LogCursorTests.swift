// How far a log was listed: nothing twice, and nothing left out without a word.

import Testing

@testable import CisternClient
@testable import cistern

@Suite("What was listed of a log")
struct LogCursorTests {
    private func change(
        _ position: UInt64, _ outcome: Acknowledgement.Outcome = .applied, epoch: String = "e"
    ) -> LoggedChange {
        LoggedChange(
            id: "c\(position)", position: position, receipt: Position("\(epoch)-\(position)"), outcome: outcome,
            kind: nil,
            patch: nil, time: nil, json: "{}")
    }

    private func positions(_ lines: [LogCursor.Line]) -> [String] {
        lines.map { line in
            switch line {
            case .change(let change): "\(change.position)"
            case .note(let note): note
            }
        }
    }

    @Test("What was listed is not listed again, and what is missing is said")
    func gaps() {
        var cursor = LogCursor(after: 2)
        #expect(positions(cursor.take([change(1), change(3), change(4)], upToPending: false)) == ["3", "4"])
        #expect(positions(cursor.take([change(3), change(4)], upToPending: false)).isEmpty)
        #expect(!cursor.lacks(before: 5) && cursor.lacks(before: 6))
        #expect(
            positions(cursor.take([change(6), change(9)], upToPending: false))
                == ["Change 5 has left the log already.", "6", "Changes 7 to 8 have left the log already.", "9"])
        #expect(cursor.skip(to: 9) == nil && cursor.skip(to: 10) == "Change 10 has left the log already.")
    }

    @Test("Nobody asked for what had left a log that is listed from where it starts")
    func start() {
        var cursor = LogCursor(after: 0)
        #expect(positions(cursor.take([change(7)], upToPending: false)) == ["7"])
        var empty = LogCursor(after: 0)
        #expect(empty.skip(to: 7) == nil && empty.position == 7)
        #expect(positions(empty.take([change(9)], upToPending: false)) == ["Change 8 has left the log already.", "9"])
    }

    @Test("Who follows is shown each change when it is known what becomes of it")
    func pending() {
        var cursor = LogCursor(after: 0)
        let changes = [change(1), change(2, .pending), change(3, .pending)]
        #expect(positions(cursor.take(changes, upToPending: true)) == ["1"])
        #expect(positions(cursor.take(changes.map { change($0.position) }, upToPending: true)) == ["2", "3"])
        var once = LogCursor(after: 0)
        #expect(positions(once.take(changes, upToPending: false)) == ["1", "2", "3"])
    }

    @Test("Changes of another epoch wait until it is said that the log has begun anew")
    func epochs() {
        var cursor = LogCursor(after: 0)
        #expect(cursor.take(epoch: "e", tail: 1, of: "a") == nil)
        _ = cursor.take([change(1)], upToPending: true)
        #expect(cursor.take([change(2, epoch: "f")], upToPending: true).isEmpty && cursor.position == 1)
        #expect(cursor.take(epoch: "f", tail: 2, of: "a") == "The log of “a” has begun anew.")
        #expect(
            positions(cursor.take([change(1, epoch: "f"), change(2, epoch: "f")], upToPending: true)) == ["1", "2"])
    }

    @Test("A place of an earlier epoch is known by the epoch, or by a position that this one has not come to")
    func earlierEpoch() {
        var receipt = LogCursor(after: 3, of: "e")
        #expect(receipt.take(epoch: "f", tail: 9, of: "a") == "The log of “a” has begun anew.")
        #expect(receipt.position == 0 && receipt.take(epoch: "f", tail: 9, of: "a") == nil)
        var number = LogCursor(after: 3)
        #expect(
            number.take(epoch: "f", tail: 2, of: "a")
                == "The log of “a” has begun anew: it has not come to position 3, only to 2.")
        #expect(number.position == 0)
        // What has left the new one is a gap, however early it is.
        #expect(
            positions(number.take([change(2, epoch: "f")], upToPending: true))
                == ["Change 1 has left the log already.", "2"])
        var end = LogCursor(after: 3)
        #expect(end.take(epoch: "f", tail: 3, of: "a") == nil && end.position == 3)
        // A server that is behind is no other epoch.
        #expect(end.take(epoch: "f", tail: 2, of: "a") == nil && end.position == 3)
    }
}
