import Testing

@testable import Memcached

@Suite("Addresses, keys and sizes")
struct AddressTests {
    @Test(
        "Every written form of an address is understood",
        arguments: [
            ("memcached://cache-1:11212", MemcachedAddress.tcp(host: "cache-1", port: 11212)),
            ("memcached://10.0.0.7", .tcp(host: "10.0.0.7", port: 11211)),
            ("memcached://[2001:db8::1]:9", .tcp(host: "2001:db8::1", port: 9)),
            ("memcached://[::1]", .tcp(host: "::1", port: 11211)),
            ("unix:///run/m.sock", .unix(path: "/run/m.sock")),
        ])
    func parses(_ text: String, _ expected: MemcachedAddress) throws {
        let address = try MemcachedAddress(text)
        #expect(address == expected)
        #expect(try MemcachedAddress(address.description) == expected)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "cache:11211", "redis://cache", "memcached://", "memcached://:11211", "memcached://a:0",
            "memcached://a:65536", "memcached://a:", "memcached://a:+1", "memcached://user@a", "memcached://a/b",
            "memcached://a:1/",
            "memcached://::1", "memcached://[::1", "memcached://[cache]", "memcached://[::1]x", "memcached://a b",
            "unix://", "unix:///", "unix://run/m.sock", "unix:///a b", "unix:///" + String(repeating: "x", count: 107),
        ])
    func refuses(_ text: String) {
        #expect(throws: MemcachedAddressError.self) { try MemcachedAddress(text) }
    }

    @Test("A list is divided by commas, and an address may be in it once")
    func lists() throws {
        let list = try MemcachedAddress.list("memcached://a, unix:///s ,memcached://b:1")
        #expect(list == [.tcp(host: "a", port: 11211), .unix(path: "/s"), .tcp(host: "b", port: 1)])
        #expect(throws: MemcachedAddressError.self) { try MemcachedAddress.list("memcached://a,memcached://a:11211") }
        #expect(throws: MemcachedAddressError.self) { try MemcachedAddress.list("memcached://a,") }
        #expect(throws: MemcachedAddressError.self) { try MemcachedAddress.list("") }
    }

    @Test("Keys are 1 to 250 bytes of printable ASCII")
    func keys() throws {
        try MemcachedKey.validate("!~azAZ09{c07}:snapshot")
        try MemcachedKey.validate(String(repeating: "k", count: 250))
        let wrong: [(String, InvalidMemcachedKey)] = [
            ("", .empty), (String(repeating: "k", count: 251), .tooLong(bytes: 251)),
            ("a b", .forbiddenByte(0x20, at: 1)), ("a\r\nset b 0 0 1", .forbiddenByte(0x0D, at: 1)),
            ("\u{0}", .forbiddenByte(0, at: 0)), ("ab\u{7F}", .forbiddenByte(0x7F, at: 2)),
            ("é", .forbiddenByte(0xC3, at: 0)),
        ]
        for (key, reason) in wrong {
            #expect(throws: MemcachedError.invalidKey(reason)) { try MemcachedKey.validate(key) }
        }
    }

    @Test("Expirations are rounded up to seconds, and long ones become dates")
    func expirations() {
        #expect(MemcachedExpiration.seconds(nil, now: 1000) == 0)
        #expect(MemcachedExpiration.seconds(.zero, now: 1000) == 1)
        #expect(MemcachedExpiration.seconds(.milliseconds(1), now: 1000) == 1)
        #expect(MemcachedExpiration.seconds(.milliseconds(1001), now: 1000) == 2)
        #expect(MemcachedExpiration.seconds(.seconds(2_592_000), now: 1000) == 2_592_000)
        #expect(MemcachedExpiration.seconds(.seconds(2_592_001), now: 1000) == 2_593_001)
        #expect(MemcachedExpiration.seconds(.seconds(Int64.max), now: 1000) == 1000 + 315_360_000)
    }

    @Test("Settings out of bounds are refused before anything is started")
    func settings() {
        let changes: [(inout MemcachedConfiguration) -> Void] = [
            { $0.servers = [] }, { $0.servers.append($0.servers[0]) }, { $0.threads = 0 }, { $0.threads = 17 },
            { $0.pollTimeout = .milliseconds(49) }, { $0.connectTimeout = .milliseconds(201) },
            { $0.deadline = .milliseconds(1) }, { $0.waitingLimit = 0 }, { $0.batchLimit = 0 },
        ]
        for change in changes {
            var configuration = MemcachedConfiguration(servers: [.tcp(host: "a", port: 1)])
            #expect(throws: Never.self) { try configuration.validate() }
            change(&configuration)
            #expect(throws: MemcachedError.self) { try configuration.validate() }
        }
    }
}
