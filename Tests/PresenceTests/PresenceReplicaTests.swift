import Fold
import TestSupport
import Testing

@testable import Presence

@Suite("What a server owes to others")
struct PresenceReplicaTests {
    private let start = Instant.now
    private let configuration = PresenceConfiguration()

    private func replica(_ server: UInt64) -> PresenceReplica {
        PresenceReplica(server: server, configuration: configuration, at: start)
    }

    private func names(_ message: PresenceMessage?) -> [String]? {
        guard case .records(let records) = message else { return nil }
        return records.map(\.client.description).sorted()
    }

    /// Puts a client and tells the others.
    private func say(_ name: String, _ replica: inout PresenceReplica, at now: Instant) -> PresenceMessage? {
        _ = replica.put(client(name), json("1"), for: .seconds(30), at: now, clock: 1_000)
        let message = replica.work(at: now).message
        replica.spread(receivers: 2, at: now)
        return message
    }

    @Test("A lone change is told at once, many go together")
    func coalescedMessages() {
        var one = replica(1)
        #expect(names(say("a", &one, at: start)) == ["a"])
        for name in ["b", "c", "b"] {
            _ = one.put(client(name), json("2"), for: .seconds(30), at: start, clock: 1_001)
        }
        #expect(one.work(at: start + .milliseconds(24)).message == nil)
        #expect(one.appointment <= start + configuration.spreadInterval)
        #expect(names(one.work(at: start + .milliseconds(25)).message) == ["b", "c"])
    }

    @Test("Those who watch are told at once of a lone change, and of many once in 50 ms")
    func coalescedNotices() {
        var one = replica(1)
        var notices = 0
        for millisecond in 0..<1_000 {
            let now = start + .milliseconds(millisecond)
            _ = one.put(client("c\(millisecond % 50)"), json("\(millisecond)"), for: .seconds(30), at: now, clock: 1)
            if one.work(at: now).isNotice { notices += 1 }
        }
        #expect((20...21).contains(notices))
    }

    @Test("What Redis does not take is told again later, with what is true then")
    func retry() {
        var one = replica(1)
        for name in ["a", "b"] { _ = one.put(client(name), json("1"), for: .seconds(30), at: start, clock: 1) }
        #expect(names(one.work(at: start).message) == ["a", "b"])
        one.spread(receivers: nil, at: start)
        _ = one.put(client("a"), json("2"), for: .seconds(30), at: start, clock: 2)
        #expect(one.work(at: start + .milliseconds(100)).message == nil)
        guard case .records(let records) = one.work(at: start + configuration.retryInterval).message else {
            Issue.record("nothing was told again")
            return
        }
        let told = Dictionary(uniqueKeysWithValues: records.map { ($0.client, $0.value) })
        #expect(told == [client("a"): json("2"), client("b"): json("1")])
    }

    @Test("Documents as large as any server may allow get through, however they come together")
    func largeDocuments() throws {
        var configuration = configuration
        configuration.documentBytes = 64 << 10
        var one = PresenceReplica(server: 1, configuration: configuration, at: start)
        var two = PresenceReplica(server: 2, configuration: configuration, at: start)
        for number in 0..<30 {
            let count = number % 3 == 0 ? configuration.documentBytes : number << 10
            let document = json("\"\(String(repeating: "x", count: max(count, 2) - 2))\"")
            _ = one.put(client("c\(number)"), document, for: .seconds(300), at: start, clock: 1)
        }
        var now = start
        while let message = one.work(at: now).message {
            let read = PresenceMessage(message.encoded, documentBytes: configuration.documentBytes)
            two.hear(try #require(read), at: now, chance: 0)
            one.spread(receivers: 2, at: now)
            now += configuration.spreadInterval
        }
        #expect(two.table.count == 30 && two.table.text == one.table.text)
    }

    @Test("What Redis does not take is owed for no more clients than are remembered, whatever names come and go")
    func owed() {
        var configuration = configuration
        configuration.clients = 10
        var one = PresenceReplica(server: 1, configuration: configuration, at: start)
        for number in 0..<1_000 {
            one.remove(client("c\(number)"), at: start + .milliseconds(number), clock: 1)
            if number == 0 { #expect(one.work(at: start).message != nil) }
        }
        #expect(one.unspread.count <= 4 * configuration.clients)
        one.spread(receivers: nil, at: start)
        #expect(names(one.work(at: start + .seconds(1)).message)?.isEmpty == false)
    }

    @Test("Who begins to listen asks, and is answered with all that is known by one server, not by each")
    func question() throws {
        var (one, two, three) = (replica(1), replica(2), replica(3))
        two.hear(try #require(say("a", &one, at: start)), at: start, chance: 0)
        one.hear(try #require(say("b", &two, at: start)), at: start, chance: 0)
        three.listens()
        let question = try #require(three.work(at: start).message)
        #expect(question == .question(server: 3))
        three.spread(receivers: 3, at: start)

        let later = start + .seconds(1)
        three.hear(question, at: later, chance: 0)
        one.hear(question, at: later, chance: 0.1)
        two.hear(question, at: later, chance: 0.9)
        let answer = try #require(one.work(at: later + .milliseconds(10)).message)
        #expect(names(answer) == ["a", "b"])
        three.hear(answer, at: later, chance: 0)
        two.hear(answer, at: later, chance: 0)
        #expect(three.table.text == one.table.text)
        #expect(two.work(at: later + .milliseconds(50)).message == nil, "it was said already")
        #expect(three.work(at: later + .milliseconds(50)).message == nil, "nobody answers themselves")
    }

    @Test("Of a question is answered what the other answers left out, and what they have older")
    func restOfAnAnswer() throws {
        var (one, two) = (replica(1), replica(2))
        let hello = try #require(say("a", &one, at: start))
        two.hear(hello, at: start, chance: 0)
        _ = say("a", &two, at: start + .seconds(1))
        _ = say("b", &two, at: start + .seconds(1))
        _ = two.work(at: start + .seconds(2))
        two.spread(receivers: 2, at: start + .seconds(2))
        two.hear(.question(server: 3), at: start + .seconds(2), chance: 1)
        two.hear(hello, at: start + .seconds(2), chance: 0)
        #expect(names(two.work(at: start + .milliseconds(2_050)).message) == ["a", "b"])
    }

    @Test("Who begins to listen, or begins again, asks, and tells about its own clients")
    func again() throws {
        var (one, two) = (replica(1), replica(2))
        _ = say("a", &one, at: start)
        one.hear(try #require(say("b", &two, at: start)), at: start, chance: 0)
        one.listens()
        #expect(one.work(at: start + .seconds(1)).message == .question(server: 1))
        one.spread(receivers: 2, at: start + .seconds(1))
        #expect(names(one.work(at: start + .seconds(2)).message) == ["a"])
    }

    @Test(
        "What is known counts as settled when answers had their time, at once if nobody else listens, and without Redis after a while"
    )
    func settling() {
        for (receivers, time) in [(1, 0), (2, 100), (nil, 300)] {
            var one = replica(1)
            one.listens()
            _ = one.work(at: start)
            one.spread(receivers: receivers, at: start)
            if time > 0 {
                _ = one.work(at: start + .milliseconds(time - 1))
                #expect(!one.isSettled)
            }
            let isNotice = one.work(at: start + .milliseconds(time)).isNotice
            #expect(isNotice && one.isSettled, "with \(receivers ?? 0) receivers")
        }
    }

    @Test("An application that nobody asks about is idle, unless this server has clients in it")
    func idle() {
        var one = replica(1)
        let later = start + configuration.idleTime
        _ = one.put(client("a"), json("1"), for: .seconds(90), at: start, clock: 1)
        #expect(!one.work(at: later).isIdle)
        #expect(one.work(at: later + configuration.idleTime).isIdle)
    }
}
