import TestSupport
import Testing

@testable import Redis

struct RedisAddressTests {
    @Test("An address names host, port, user, password and database")
    func tcp() throws {
        let full = try RedisAddress("redis://ann:s%40cr%3At@cache.example:7000/3")
        #expect(
            full == RedisAddress(.tcp(host: "cache.example", port: 7000), user: "ann", password: "s@cr:t", database: 3))
        #expect(try RedisAddress("redis://localhost") == RedisAddress(.tcp(host: "localhost", port: 6379)))
        #expect(try RedisAddress("redis://localhost/") == RedisAddress(.tcp(host: "localhost", port: 6379)))
        #expect(try RedisAddress("redis://:secret@h:1") == RedisAddress(.tcp(host: "h", port: 1), password: "secret"))
        #expect(
            try RedisAddress("rediss://h/1")
                == RedisAddress(.tcp(host: "h", port: 6379), database: 1, usesTLS: true))
        #expect(try RedisAddress("rediss://h").description == "rediss://h:6379")
        #expect(try RedisAddress("redis://[::1]") == RedisAddress(.tcp(host: "::1", port: 6379)))
        #expect(try RedisAddress("redis://[::1]:6380/2") == RedisAddress(.tcp(host: "::1", port: 6380), database: 2))
    }

    @Test("An address names a unix socket")
    func unixSocket() throws {
        #expect(try RedisAddress("unix:///run/redis.sock") == RedisAddress(.unixSocket(path: "/run/redis.sock")))
        #expect(try RedisAddress("redis+unix:///a%20b") == RedisAddress(.unixSocket(path: "/a b")))
        #expect(
            try RedisAddress("unix://ann:pw@/run/redis.sock?db=5")
                == RedisAddress(.unixSocket(path: "/run/redis.sock"), user: "ann", password: "pw", database: 5))
        #expect(try RedisAddress("unix:///run/a@b.sock") == RedisAddress(.unixSocket(path: "/run/a@b.sock")))
    }

    @Test(
        "Of several hosts an address is a list, and with a name they are sentinels, which have passwords of their own")
    func several() throws {
        let hosts = [RedisEndpoint(host: "a", port: 6379), RedisEndpoint(host: "::1", port: 7000)]
        #expect(
            try RedisAddress("redis://:pw@a,[::1]:7000/2")
                == RedisAddress(.list(hosts), password: "pw", database: 2))
        let sentinels = [RedisEndpoint(host: "a", port: 26_379), RedisEndpoint(host: "b", port: 5000)]
        #expect(try RedisAddress("redis+sentinel://a,b:5000/main") == RedisAddress(.sentinels(sentinels, name: "main")))
        let full = try RedisAddress("rediss+sentinel://ann:pw@a,b:5000/main/3?sentinel=bob:s%3a")
        #expect(
            full
                == RedisAddress(
                    .sentinels(sentinels, name: "main"), user: "ann", password: "pw", database: 3, usesTLS: true,
                    sentinelUser: "bob", sentinelPassword: "s:"))
        #expect(
            full.sentinel(at: sentinels[0])
                == RedisAddress(.tcp(host: "a", port: 26_379), user: "bob", password: "s:", usesTLS: true))
        #expect(
            full.server(at: hosts[0])
                == RedisAddress(
                    .tcp(host: "a", port: 6379), user: "ann", password: "pw", database: 3, usesTLS: true))
    }

    @Test(
        "A wrong address is refused with a sentence that does not repeat it",
        arguments: [
            "", "localhost:6379", "http://secret", "redisx://secret", "redis://", "redis://secret:0",
            "redis://secret:70000",
            "redis://secret:x", "redis://secret/one", "redis://secret/-1", "redis://secret@host",
            "redis://u:%zz@secret",
            "redis://u:%ff@secret", "redis://secret,", "redis://secret,secret", "redis+sentinel://secret",
            "redis+sentinel://secret/", "redis+sentinel://secret/name/one", "redis+sentinel://secret/name?x=secret",
            "redis+sentinel://secret/name?sentinel=secret",
            "redis://" + (0..<17).map { "secret\($0)" }.joined(separator: ","), "unix://secret/path",
            "unix:///secret?x=1",
            "unix:///secret" + String(repeating: "x", count: RedisAddress.socketPathLimit),
        ])
    func wrong(text: String) {
        do throws(RedisAddressError) {
            let address = try RedisAddress(text)
            Issue.record("\(text) was read as \(address)")
        } catch {
            #expect(error.description.hasPrefix("The address of Redis is wrong: "))
            #expect(!error.description.contains("secret"))
        }
    }

    @Test("The description of an address is an address again, without user and password")
    func description() throws {
        for text in [
            "redis://host:6379", "redis://[::1]:7000/2", "unix:///run/redis.sock", "unix:///run/redis.sock?db=4",
            "redis://a:1,[::1]:2/3", "redis+sentinel://a:1,b:2/main", "rediss+sentinel://a:1,b:2/main/5",
        ] {
            #expect("\(try RedisAddress(text))" == text)
        }
        #expect("\(try RedisAddress("redis://ann:secret@host"))" == "redis://host:6379")
    }
}

struct BackoffTests {
    @Test(
        "Pauses double up to the longest one and start again after a success", arguments: 1...20 as ClosedRange<UInt64>)
    func doubling(seed: UInt64) {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1), random: SeededNumbers(seed: seed))
        for step in [100, 200, 400, 800, 1_000, 1_000] {
            let pause = backoff.next()
            #expect(.milliseconds(step / 2) <= pause && pause <= .milliseconds(step))
        }
        backoff.reset()
        let first = backoff.next()
        #expect(first <= .milliseconds(100))
    }

    @Test("The same source of numbers gives the same pauses")
    func repeatable() {
        var one = Backoff(random: SeededNumbers(seed: 7))
        var other = Backoff(random: SeededNumbers(seed: 7))
        for _ in 0..<10 {
            let pauses = (one.next(), other.next())
            #expect(pauses.0 == pauses.1)
        }
    }

    @Test("A pause is between half of its step and the whole")
    func jitter() {
        var backoff = Backoff(first: .milliseconds(100), longest: .milliseconds(100))
        let pauses = (0..<100).map { _ in backoff.next() }
        #expect(pauses.allSatisfy { .milliseconds(50) <= $0 && $0 <= .milliseconds(100) })
        #expect(Set(pauses).count > 1)
    }
}
