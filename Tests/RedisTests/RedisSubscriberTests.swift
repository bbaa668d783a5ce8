import NIOPosix
import Redis
import Synchronization
import TestSupport
import Testing

/// A subscriber of a real server.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedisSubscriberTests {
    /// Remembers what a receiver was told.
    private final class Heard: Sendable {
        private let events = Mutex<[RedisSubscriptionEvent]>([])
        var all: [RedisSubscriptionEvent] { events.withLock { $0 } }
        func add(_ event: RedisSubscriptionEvent) { events.withLock { $0.append(event) } }
    }

    private static func message(_ text: String) -> RedisSubscriptionEvent { .message(Array(text.utf8)) }

    @Test("Messages arrive after subscribed, on each subscription to the channel and on no other")
    func messages() async throws {
        try await withRedis { redis in
            try await withSubscriber(.test(redis.url)) { subscriber in
                let (first, second, other) = (Heard(), Heard(), Heard())
                let subscriptions = [
                    try subscriber.subscribe(to: "a") { first.add($0) },
                    try subscriber.subscribe(to: "a") { second.add($0) },
                    try subscriber.subscribe(to: "b") { other.add($0) },
                ]
                try await eventually("all are subscribed") {
                    first.all == [.subscribed] && second.all == [.subscribed] && other.all == [.subscribed]
                }
                #expect(try redis.command("PUBLISH", "a", "hello") == "1")
                try await eventually("both hear it") {
                    first.all == [.subscribed, Self.message("hello")] && second.all == first.all
                }
                #expect(other.all == [.subscribed])
                withExtendedLifetime(subscriptions) {}
            }
        }
    }

    @Test("The server is told when the last subscription to a channel ends, by cancelling or by letting go")
    func ending() async throws {
        try await withRedis { redis in
            try await withSubscriber(.test(redis.url)) { subscriber in
                var kept: RedisSubscription? = try subscriber.subscribe(to: "a") { _ in }
                let other = try subscriber.subscribe(to: "a") { _ in }
                try await eventually("the server knows the channel") { try redis.command("PUBSUB", "CHANNELS") == "a" }
                other.cancel()
                other.cancel()
                #expect(subscriber.channelCount == 1)
                #expect(try redis.command("PUBSUB", "CHANNELS") == "a")
                withExtendedLifetime(kept) {}
                kept = nil
                try await eventually("the server has forgotten the channel") {
                    try redis.command("PUBSUB", "CHANNELS") == ""
                }
                try await eventually("the subscriber too") { subscriber.channelCount == 0 }
            }
        }
    }

    @Test("After a restart of the server everything is subscribed again, and receivers are told")
    func restart() async throws {
        try await withRedis { redis in
            try await withSubscriber(.test(redis.url)) { subscriber in
                let heard = (0..<50).map { _ in Heard() }
                let subscriptions = try heard.enumerated().map { index, heard in
                    try subscriber.subscribe(to: "channel-\(index)") { heard.add($0) }
                }
                try await eventually("all are subscribed") { heard.allSatisfy { $0.all == [.subscribed] } }
                redis.kill()
                try await redis.launch()
                try await eventually("all are subscribed again") {
                    heard.allSatisfy { $0.all == [.subscribed, .resubscribed] }
                }
                try redis.command("PUBLISH", "channel-49", "x")
                try await eventually("messages arrive") { heard[49].all.last == Self.message("x") }
                withExtendedLifetime(subscriptions) {}
            }
        }
    }

    @Test("Many thousand channels are subscribed to in one go")
    func many() async throws {
        try await withRedis { redis in
            try await withSubscriber(.test(redis.url)) { subscriber in
                let subscriptions = try (0..<5_000).map { try subscriber.subscribe(to: "\($0)") { _ in } }
                try await eventually("the server knows all channels") {
                    try redis.command("PUBSUB", "CHANNELS").split(separator: "\n").count == 5_000
                }
                withExtendedLifetime(subscriptions) {}
            }
        }
    }

    @Test("A server that dies without a word is noticed and replaced")
    func silentPeer() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url) {
                $0.keepAlive = .milliseconds(50)
                $0.connectTimeout = .milliseconds(100)
            }
            try await withSubscriber(configuration) { subscriber in
                let heard = Heard()
                let subscription = try subscriber.subscribe(to: "a") { heard.add($0) }
                try await eventually("it is subscribed") { heard.all == [.subscribed] }
                redis.pause()
                // The subscriber notices by itself and connects anew; only after that the server wakes up.
                try await Task.sleep(for: .milliseconds(300))
                redis.resume()
                try await eventually("it is subscribed again") { heard.all == [.subscribed, .resubscribed] }
                withExtendedLifetime(subscription) {}
            }
        }
    }

    @Test("An idle subscription outlives many keep-alives")
    func keepAlive() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url) { $0.keepAlive = .milliseconds(100) }
            try await withSubscriber(configuration) { subscriber in
                let heard = Heard()
                let subscription = try subscriber.subscribe(to: "a") { heard.add($0) }
                try await eventually("the subscriber has asked ten times") {
                    let statistics = try redis.command("INFO", "commandstats")
                    guard let calls = statistics.firstMatch(of: /cmdstat_ping:calls=(\d+)/) else { return false }
                    return (Int(calls.1) ?? 0) >= 12
                }
                #expect(heard.all == [.subscribed])
                withExtendedLifetime(subscription) {}
            }
        }
    }

    @Test("A sequence of events ends its subscription when nobody reads it any more")
    func sequence() async throws {
        try await withRedis { redis in
            try await withSubscriber(.test(redis.url)) { subscriber in
                for await event in try subscriber.events(of: "a") {
                    if event == .subscribed { try redis.command("PUBLISH", "a", "x") }
                    if event == Self.message("x") { break }
                }
                try await eventually("the server has forgotten the channel") {
                    try redis.command("PUBSUB", "CHANNELS") == ""
                }
            }
        }
    }

    @Test("Channels over the limit are refused")
    func limit() throws {
        let configuration = try RedisConfiguration.test("unix:///nowhere") { $0.subscriptionLimit = 1 }
        let subscriber = RedisSubscriber(
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: quiet)
        let first = try subscriber.subscribe(to: "a") { _ in }
        #expect(throws: RedisError.tooManySubscriptions(limit: 1)) { try subscriber.subscribe(to: "b") { _ in } }
        withExtendedLifetime(first) {}
    }
}
