import Testing

@testable import Redis

struct SubscriptionTableTests {
    typealias Table = SubscriptionTable<String>
    private static let a = Array("a".utf8)
    private static let b = Array("b".utf8)

    private static func registration(_ addition: Table.Addition) throws -> Table.Registration {
        switch addition {
        case .tellServer(let registration), .greet(let registration), .wait(let registration): return registration
        case .refuse: throw RedisError.tooManySubscriptions(limit: 0)
        }
    }

    @Test("Two receivers of one channel cost one subscription, which ends with the second of them")
    func counting() throws {
        var table = Table(limit: 10)
        table.connected()
        let first = try Self.registration(table.add("first", to: Self.a))
        let second = try Self.registration(table.add("second", to: Self.a))
        #expect(table.takeChanges() == (subscribe: [Self.a], unsubscribe: []))
        #expect(Set(table.confirmed(Self.a).map(\.receiver)) == ["first", "second"])
        #expect(Set(table.receivers(of: Self.a)) == ["first", "second"])
        let tellServer = [first, second, second].map { table.remove($0) }
        #expect(tellServer == [false, true, false])
        #expect(table.takeChanges() == (subscribe: [], unsubscribe: [Self.a]))
        let greeted = table.confirmed(Self.a)
        #expect(greeted.isEmpty)
        #expect(table.channelCount == 0)
    }

    @Test("A receiver that joins a channel already listened to is greeted at once")
    func join() throws {
        var table = Table(limit: 10)
        table.connected()
        _ = table.add("first", to: Self.a)
        _ = table.takeChanges()
        _ = table.confirmed(Self.a)
        guard case .greet = table.add("second", to: Self.a) else {
            Issue.record("the second receiver was not greeted")
            return
        }
    }

    @Test("The server is told once for many changes, and nothing about what came and went in between")
    func coalescing() throws {
        var table = Table(limit: 10)
        table.connected()
        guard case .tellServer(let first) = table.add("x", to: Self.a), case .wait = table.add("y", to: Self.b) else {
            Issue.record("only the first change should ask for the server to be told")
            return
        }
        _ = table.remove(first)
        #expect(table.takeChanges() == (subscribe: [Self.b], unsubscribe: []))
        #expect(table.takeChanges() == (subscribe: [], unsubscribe: []))
    }

    @Test("After subscribe, unsubscribe, subscribe only the last confirmation counts")
    func crossing() throws {
        var table = Table(limit: 10)
        table.connected()
        let first = try Self.registration(table.add("first", to: Self.a))
        _ = table.takeChanges()
        _ = table.remove(first)
        _ = table.takeChanges()
        _ = table.add("second", to: Self.a)
        _ = table.takeChanges()
        let greeted = (0..<3).map { _ in table.confirmed(Self.a).map(\.receiver) }
        #expect(greeted == [[], [], ["second"]])
    }

    @Test("A new connection subscribes everything again and tells who had been subscribed before")
    func reconnect() throws {
        var table = Table(limit: 10)
        _ = table.add("early", to: Self.a)
        table.connected()
        _ = table.takeChanges()
        #expect(table.confirmed(Self.a).map(\.again) == [false])
        table.disconnected()
        _ = table.add("late", to: Self.b)
        table.connected()
        let changes = table.takeChanges()
        #expect(Set(changes.subscribe) == [Self.a, Self.b])
        #expect(table.confirmed(Self.a).map(\.again) == [true])
        #expect(table.confirmed(Self.b).map(\.again) == [false])
    }

    @Test("A channel given up while the connection was away is forgotten")
    func removedWhileAway() throws {
        var table = Table(limit: 10)
        table.connected()
        let registration = try Self.registration(table.add("x", to: Self.a))
        _ = table.takeChanges()
        _ = table.remove(registration)
        _ = table.takeChanges()
        table.disconnected()
        #expect(table.channelCount == 0)
        table.connected()
        #expect(table.takeChanges() == (subscribe: [], unsubscribe: []))
    }

    @Test("Channels over the limit are refused; further receivers of a known one are not")
    func limit() throws {
        var table = Table(limit: 1)
        _ = table.add("x", to: Self.a)
        guard case .refuse(limit: 1) = table.add("y", to: Self.b), case .wait = table.add("z", to: Self.a) else {
            Issue.record("the limit is not kept")
            return
        }
    }
}
