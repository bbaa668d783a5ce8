import Redis
import TestSupport
import Testing

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
        "A wrong address is refused with a sentence that does not repeat it",
        arguments: [
            "", "localhost:6379", "http://secret", "redisx://secret", "redis://", "redis://secret:0",
            "redis://secret:70000",
            "redis://secret:x", "redis://secret/one", "redis://secret/-1", "redis://secret@host",
            "redis://u:%zz@secret",
            "redis://u:%ff@secret", "unix://secret/path", "unix:///secret?x=1",
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
