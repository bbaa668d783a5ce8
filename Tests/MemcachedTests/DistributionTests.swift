import Logging
import TestSupport
import Testing

@testable import Memcached

@Suite("Keys and servers")
struct DistributionTests {
    private let four = (1...4).map { MemcachedAddress.tcp(host: "cache-\($0).example", port: 11211) }
    private let keys = (0..<10_000).map { "{c\($0 % 64)}:snapshot:app-\($0)" }

    private func choices(_ servers: [MemcachedAddress]) throws -> [MemcachedAddress] {
        let handle = try Handle(servers: servers, configuration: MemcachedConfiguration(servers: servers))
        return keys.map { servers[handle.serverIndex(forKey: $0)] }
    }

    @Test("Every handle chooses the same server, in whatever order the servers are listed")
    func agrees() throws {
        let first = try choices(four)
        for _ in 0..<5 { #expect(try choices(four) == first) }
        #expect(try choices(four.reversed()) == first)
        #expect(try choices([four[2], four[0], four[3], four[1]]) == first)
    }

    @Test("The choice is the same in every process and version")
    func pinned() throws {
        let handle = try Handle(servers: four, configuration: MemcachedConfiguration(servers: four))
        let picks = (0..<16).map { handle.serverIndex(forKey: "probe-\($0)") }
        #expect(picks == [1, 3, 2, 2, 1, 0, 0, 2, 0, 3, 1, 0, 0, 2, 3, 1])
    }

    @Test("No server gets less than half or more than twice its share")
    func spreads() throws {
        for count in [2, 3, 4, 8] {
            let servers = (1...count).map { MemcachedAddress.unix(path: "/run/memcached-\($0).sock") }
            let chosen = Dictionary(grouping: try choices(servers), by: { $0 }).mapValues(\.count)
            for server in servers {
                let share = Double(chosen[server] ?? 0) * Double(count) / Double(keys.count)
                #expect(share > 0.5 && share < 2, "\(server) of \(count) has \(share) of its share")
            }
        }
    }

    @Test("A server more takes keys for itself and moves no others")
    func consistent() throws {
        let before = try choices(Array(four.dropLast()))
        let after = try choices(four)
        let moved = zip(before, after).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == four[3] })
        #expect(moved.count > 1250 && moved.count < 5000, "\(moved.count) of 10,000 moved, a quarter would be even")
    }

    @Test("Items of three servers are where every client looks for them")
    func threeServers() async throws {
        try await withServers(3, tcp: true) { servers async throws in
            let keys = (0..<300).map { "key-\($0)" }
            let homes = try await withClient(servers) { client async throws in
                for key in keys { #expect(try await client.set(key, bytes(key)) == .stored) }
                var homes: [MemcachedAddress] = []
                for key in keys { homes.append(try await client.server(forKey: key)) }
                return homes
            }
            for server in servers {
                let count = try statistic("curr_items", of: server)
                #expect(count == homes.filter { $0 == MemcachedAddress(server) }.count)
                #expect(count > 30, "\(count) of 300 keys on one of three servers")
            }
            try await withClient(servers.reversed()) {
                $0.threads = 5
            } _: { client async throws in
                for (key, home) in zip(keys, homes) {
                    let server = try await client.server(forKey: key)
                    let item = try await client.get(key)
                    #expect(server == home && item?.text == key)
                }
            }
        }
    }

    private func statistic(_ name: String, of server: TestMemcached) throws -> Int {
        let address = MemcachedAddress(server)
        let handle = try Handle(servers: [address], configuration: MemcachedConfiguration(servers: [address]))
        return try #require(try handle.statistics(.general)[name].flatMap { Int($0) })
    }
}
