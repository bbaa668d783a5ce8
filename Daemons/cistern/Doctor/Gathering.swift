// Asks everybody. Nothing is changed anywhere; whoever does not answer is a fact, too.

import ChangeLog
import CisternClient
import Documents
import Fold
import Foundation
import Logging
import Memcached
import NIOPosix
import Redis

struct Gathering: Sendable {
    let redis: RedisConfiguration
    let memcached: [MemcachedAddress]
    /// URLs of poll servers to ask beside those that say where they are.
    let servers: [String]
    /// Makes a client for a server.
    let client: @Sendable (String) throws -> CisternClient

    private static let logger = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }

    func facts() async throws -> Facts {
        async let memcached = memcachedFacts()
        var facts = await redisFacts()
        if let store = facts.store.value { facts.served = try await servedFacts(store.daemons, store.samples) }
        return Facts(
            redis: facts.redis, store: facts.store.map(\.store), memcached: await memcached, served: facts.served,
            now: Int(Date.now.timeIntervalSince1970))
    }

    // MARK: Redis

    private struct Inside: Sendable {
        let store: Facts.Store
        let samples: [StoreInspection.Published]
        var daemons: [Facts.Daemon] { store.daemons }
    }

    private func redisFacts() async -> (
        redis: Facts.Asked<Facts.Redis>, store: Facts.Asked<Inside>, served: [Facts.Served]
    ) {
        let connection: RedisConnection
        do {
            connection = try await RedisConnection.connect(
                redis, on: MultiThreadedEventLoopGroup.singleton.next(), logger: Self.logger)
        } catch {
            return (.failed("\(error)"), .failed("\(error)"), [])
        }
        defer { connection.close() }
        do {
            let redis = try await self.redis(connection)
            do {
                return (.found(redis), .found(Self.inside(try await StoreInspection.read(from: connection))), [])
            } catch {
                return (.found(redis), .failed("\(error)"), [])
            }
        } catch {
            return (.failed("\(error)"), .failed("\(error)"), [])
        }
    }

    private func redis(_ connection: RedisConnection) async throws -> Facts.Redis {
        var facts = Facts.Redis(address: "\(connection.address)", version: connection.server.version)
        for name in ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "lazyfree-lazy-expire"] {
            // Managed ones refuse it.
            guard let reply = try? await connection.send(RedisCommand("CONFIG", "GET", .string(name))) else { break }
            if let pair = reply.array, pair.count == 2 { facts.settings[name] = pair[1].string }
        }
        for section in ["memory", "persistence", "replication", "stats"] {
            let text = try await connection.send(RedisCommand("INFO", .string(section))).string ?? ""
            for line in text.split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                facts.info[String(line[..<colon])] = String(line[line.index(after: colon)...])
            }
        }
        let began = Date.now.timeIntervalSince1970
        let time = try await connection.send(RedisCommand("TIME")).array ?? []
        let middle = (began + Date.now.timeIntervalSince1970) / 2
        if time.count == 2, let seconds = time[0].string.flatMap({ Double($0) }),
            let microseconds = time[1].string.flatMap({ Double($0) })
        {
            facts.clockAhead = seconds + microseconds / 1e6 - middle
        }
        return facts
    }

    private static func inside(_ found: StoreInspection) -> Inside {
        var store = Facts.Store(settings: found.settings, partitions: found.partitions)
        for lease in found.leases {
            store.leases[lease.partition] = Facts.Lease(holder: lease.holder, left: lease.left)
        }
        store.applications = found.applications
        store.dirty = found.dirty
        store.webhooks = found.webhooks
        store.daemons = found.notices.all.map { notice in
            Facts.Daemon(notice.daemon, notice.document, age: found.notices.age(of: notice) / .seconds(1))
        }
        return Inside(store: store, samples: found.samples)
    }

    // MARK: memcached

    private func memcachedFacts() async -> [(address: String, asked: Facts.Asked<Facts.Memcached>)] {
        var all: [(String, Facts.Asked<Facts.Memcached>)] = []
        guard !memcached.isEmpty,
            let client = try? await MemcachedClient(
                configuration: MemcachedConfiguration(servers: memcached), logger: Self.logger)
        else { return memcached.map { ("\($0)", .failed("The list cannot be used.")) } }
        for server in memcached {
            do {
                all.append(
                    (
                        "\(server)",
                        .found(
                            Facts.Memcached(
                                address: "\(server)", statistics: try await client.statistics(.general, of: server),
                                settings: try await client.statistics(.settings, of: server)))
                    ))
            } catch {
                all.append(("\(server)", .failed("\(error)")))
            }
        }
        await client.shutdown()
        return all
    }

    // MARK: Poll servers

    private func servedFacts(
        _ daemons: [Facts.Daemon], _ samples: [StoreInspection.Published]
    ) async throws -> [Facts.Served] {
        let told = daemons.filter { $0.servesPolls && !$0.isSilent && !$0.address.hasPrefix("unix:") }.map {
            ($0.certificateEnd == nil ? "http://" : "https://") + $0.address
        }
        var all: [Facts.Served] = []
        for url in servers.isEmpty ? told : servers {
            let client = try client(url)
            for sample in samples {
                all.append(
                    Facts.Served(
                        url: url, application: sample.application.description, position: sample.position.description,
                        problem: await Self.problem(client, sample)))
            }
            await client.shutdown()
        }
        return all
    }

    private static func problem(_ client: CisternClient, _ sample: StoreInspection.Published) async -> String? {
        do {
            let position = Position(sample.position.description)
            _ = try await client.application(sample.application.description).state(atLeast: position, wait: .seconds(2))
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension Facts.Asked {
    func map<Other>(_ change: (Value) -> Other) -> Facts.Asked<Other> {
        switch self {
        case .found(let value): .found(change(value))
        case .failed(let reason): .failed(reason)
        }
    }
}

extension Facts.Daemon {
    /// What a daemon says of itself, as `/v1/daemons` has it; what it does not say stays unknown.
    init(_ name: String, _ said: Document, age: Double) {
        self.name = name
        self.age = age
        role = said["role"]?.stringValue ?? "?"
        address = said["address"]?.stringValue ?? ""
        version = said["version"]?.stringValue ?? "?"
        isReady = said["ready"]?.boolValue ?? false
        for (reason, text) in (said["reasons"]?.members ?? Document.emptyObject.members).map({ ($0.name, $0.value) }) {
            reasons[reason] = text.stringValue
        }
        pending = said["figures"]?["pending"]?.integerValue ?? 0
        connections = said["figures"]?["connections"]?.integerValue ?? 0
        let setup = said["setup"]
        foldVersion = setup?["fold_version"]?.integerValue
        openFiles = setup?["open_files"]?.integerValue
        connectionLimit = setup?["max_connections"]?.integerValue
        hasKeys = setup?["keys"]?.boolValue ?? false
        certificateEnd = setup?["certificate_end"]?.integerValue
    }
}
