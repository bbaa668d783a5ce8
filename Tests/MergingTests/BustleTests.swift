import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@testable import Merging

@Suite("What merging tells of applications", .timeLimit(.minutes(5)))
struct BustleTests {
    @Test("A rate is what was folded over the time, the lag the longest, and the backlog the last")
    func sums() throws {
        let board = try id("board")
        var bustle = Bustle()
        bustle.note(board, folded: 10, pending: 7, bytes: 100, lag: 30)
        bustle.note(board, folded: 6, pending: 2, bytes: 120, lag: 12)
        bustle.note(try id("idle"), folded: 0, pending: 0, bytes: 50, lag: 0)
        var expected = Activity(board)
        (expected.rate, expected.pending, expected.bytes, expected.lag) = (8, 2, 120, 30)
        #expect(bustle.activities(over: .seconds(2)) == [expected])
        // A sweep that finds everything done.
        bustle.note(board, folded: 0, pending: 0, bytes: 120, lag: 0)
        #expect(bustle.activities(over: .seconds(2)).first?.pending == 0)
    }

    @Test("A merge daemon tells which applications it was busy with, and forgets them again")
    func telling() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let daemon = circle.daemon()
            try await running(daemon) {
                for number in 0..<5 { try await circle.push(change("c\(number)", #"{"n":\#(number)}"#), to: board) }
                try await eventually(within: .seconds(20), "the daemon has told of the application") {
                    let lists = try await circle.log.busiest()
                    let ranked = BusiestApplications.ranked(lists, by: .rate, limit: 10)
                    return ranked.first?.application == board && ranked.first.map { $0.bytes > 0 } == true
                }
                try await eventually(within: .seconds(20), "nothing is told of an application that has fallen quiet") {
                    BusiestApplications.ranked(try await circle.log.busiest(), by: .rate, limit: 10).isEmpty
                }
                #expect(daemon.partitions == circle.log.partitions.map(\.number))
            }
        }
    }
}
