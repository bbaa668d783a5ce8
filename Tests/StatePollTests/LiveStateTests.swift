import Fold
import NIOCore
import Testing

@testable import StatePoll

@Suite("What lanes know of an application")
struct LiveStateTests {
    @Test("Nothing may be answered before something was published, and nothing after it was retired")
    func life() throws {
        let live = LiveState()
        #expect(!live.isRetired && live.fetch().served == nil)
        _ = live.publish(try served("{}", position: 1))
        #expect(!live.mayAnswer(at: .now()))
        live.serve(until: .now() + .seconds(60))
        #expect(live.mayAnswer(at: .now()))
        live.retire()
        #expect(live.isRetired && !live.mayAnswer(at: .now()))
    }

    @Test("Once the time is over one poll looks, and all others are answered until that look has ended")
    func oneLooks() {
        let live = LiveState()
        let end = NIODeadline.now() + .seconds(60)
        live.serve(until: end)
        let answers = [-1, 0, 0, 1, 5].map { live.mayAnswer(at: end + .seconds($0)) }
        #expect(answers == [true, false, true, true, true])
        live.serve(until: end + .seconds(10))
        let later = [5, 10, 11].map { live.mayAnswer(at: end + .seconds($0)) }
        #expect(later == [true, false, true])
    }

    @Test("The edition changes with position, epoch, and the coming and going of a state, and with nothing else")
    func edition() throws {
        let live = LiveState()
        var last = live.edition
        func isNewEdition() -> Bool {
            defer { last = live.edition }
            return live.edition != last
        }
        _ = live.publish(nil)
        #expect(!isNewEdition())
        for (served, isNew) in [
            (try served("1", position: 1), true), (try served("1", position: 1), false),
            (try served("1", position: 2, version: 1), true),
            (try served("1", epoch: "e2", position: 2), true), (nil, true), (nil, false),
            (try served("1", epoch: "e2", position: 2), true),
        ] {
            _ = live.publish(served)
            #expect(isNewEdition() == isNew)
            #expect(live.fetch().edition == live.edition && live.fetch().served?.position == served?.position)
        }
    }

    @Test("That a lane answered is noted once between two looks")
    func polled() {
        let live = LiveState()
        #expect(!live.takePolled())
        live.notePoll()
        live.notePoll()
        #expect(live.takePolled())
        #expect(!live.takePolled())
    }

    private let a = try? ApplicationID("a")

    @Test(
        "An entry tells lanes for how long they may answer: from its last look, for ever while looks fail, not at all without a state"
    )
    func freshness() throws {
        let a = try #require(a)
        var table = StateTable(limit: 1 << 20)
        let now = ContinuousClock.now
        _ = table.poll(a, at: now)
        let live = try #require(table[a]?.live)
        let served = try served("{}", position: 1)
        _ = table.update(a) {
            $0.served = served
            $0.lastLook = now
        }
        #expect(!live.mayAnswer(at: .now() + .milliseconds(600)))
        _ = table.update(a) { $0.lastLook = .now + .seconds(5) }
        #expect(live.mayAnswer(at: .now() + .seconds(4)))
        _ = table.update(a) { $0.lastLook = now - .seconds(1) }
        #expect(!live.mayAnswer(at: .now()))
        _ = table.update(a) { $0.lastLookFailed = true }
        #expect(live.mayAnswer(at: .now() + .hours(1)))
        _ = table.update(a) {
            $0.lastLookFailed = false
            $0.lastLook = .now
            $0.served = nil
            $0.isUnknown = true
        }
        #expect(!live.mayAnswer(at: .now()) && live.fetch().served == nil)
    }

    @Test("Who leaves the table is retired, and the one that comes after it is another")
    func removal() throws {
        let a = try #require(a)
        var table = StateTable(limit: 1 << 20)
        _ = table.poll(a, at: .now)
        let first = try #require(table[a]?.live)
        _ = table.remove(a)
        #expect(first.isRetired)
        _ = table.poll(a, at: .now)
        let second = try #require(table[a]?.live)
        #expect(second !== first && !second.isRetired)
    }
}
