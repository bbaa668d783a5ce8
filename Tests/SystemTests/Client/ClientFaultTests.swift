// The Swift client while everything under it is killed and started again.

import CisternClient
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("The Swift client and servers that die", .serialized, .timeLimit(.minutes(20)))
struct ClientFaultTests {
    /// Clients that each add their own numbers to a list, in order.
    private func work(_ clients: [LiveApplication], changes: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, client) in clients.enumerated() {
                group.addTask {
                    var queued: [QueuedChange] = []
                    for change in 1...changes {
                        let edit =
                            #"[{"op":"union","path":"/list\#(number)","value":[]},{"op":"add","path":"/list\#(number)/-","value":\#(change)}]"#
                        queued.append(try client.enqueue(.operations(JSONText(edit))))
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    for change in queued { _ = try await change.folded() }
                }
            }
            try await group.waitForAll()
        }
    }

    private func verify(_ clients: [LiveApplication], changes: Int) async throws {
        struct Lists: Decodable, Equatable { var list0, list1, list2, list3: [Int]? }
        let all = Array(1...changes)
        let whole = Lists(list0: all, list1: all, list2: all, list3: all)
        for client in clients {
            try await eventually(within: .seconds(60), "everybody has everything, once and in order: \(client.status)")
            {
                try client.state?.decoded(as: Lists.self) == whole && client.status.pendingCount == 0
            }
        }
        for client in clients { await client.close() }
    }

    private enum Victim: String, CaseIterable {
        case bucket, merger, poller, redis, memcached
    }

    @Test(
        "Every kind of server is killed and started again, and each change is there once and in order",
        arguments: Victim.allCases)
    private func killed(_ victim: Victim) async throws {
        let options = CisternOptions(layout: .split, redis: ["appendonly": "yes", "appendfsync": "always"])
        try await withCistern(options) { system in
            let clients = try Way.allCases.map {
                try CisternClient(url: system.poller.url, pushURL: system.bucket.url).open("board", ways: [$0])
            }
            let changes = 60
            async let working: Void = work(clients, changes: changes)
            for _ in 0..<2 {
                try await Task.sleep(for: .milliseconds(200))
                switch victim {
                case .bucket: try await system.bucket.restart()
                case .merger: try await system.merger.restart()
                case .poller: try await system.poller.restart()
                case .redis:
                    system.redis.kill()
                    try await system.redis.launch()
                case .memcached: try await system.memcacheds[0].restart()
                }
            }
            try await working
            try await verify(clients, changes: changes)
        }
    }

    @Test("A front that serves sockets and changes at once is killed, and all ways go on")
    func front() async throws {
        try await withCistern { system in
            let clients = try Way.allCases.map {
                try CisternClient(url: system.poller.url).open("board", ways: $0 == .socket ? Way.allCases : [$0])
            }
            async let working: Void = work(clients, changes: 60)
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(150))
                try await system.poller.restart()
            }
            try await working
            try await verify(clients, changes: 60)
        }
    }

    @Test("What a client could not send before it ended shows in the next one that opens its file, which sends it")
    func unsent() async throws {
        let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString)"
        defer { for end in ["", ".lock", ".next"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try await withCistern { system in
            let increment = Edit.operations(#"[{"op":"increment","path":"/n","value":1}]"#)
            // Nobody listens there.
            for count in 1...2 {
                let away = try CisternClient(url: "http://127.0.0.1:1").open("board", storage: FileStorage(path: path))
                try away.enqueue(increment)
                try await eventually("all of it waits") { away.status.pendingCount == count }
                await away.close()
            }
            for _ in 1...2 {
                let board = try CisternClient(url: system.poller.url).open("board", storage: FileStorage(path: path))
                try await eventually(within: .seconds(30), "it was sent, once") {
                    board.state?.json?.description == #"{"n":2}"# && board.status.pendingCount == 0
                }
                await board.close()
            }
        }
    }

    @Test("What waits in a file is sent by the next client that opens it, once")
    func file() async throws {
        let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString)"
        defer { for end in ["", ".lock", ".next"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                // The server takes it, and the client does not hear that before it ends.
                gate.refuse { $0.contains("upgrade: websocket") }
                gate.loseAnswers(.max) { $0.contains("put /v1/apps/board/changes ") }
                var first: LiveApplication? = try CisternClient(url: gate.url).open(
                    "board", storage: FileStorage(path: path))
                for _ in 0..<3 { try first?.enqueue(.operations(#"[{"op":"increment","path":"/n","value":1}]"#)) }
                let other = try CisternClient(url: system.poller.url).open("board")
                try await eventually(within: .seconds(30), "the server has it") {
                    other.state?.json?.description == #"{"n":3}"#
                }
                #expect(first?.status.pendingCount == 3 && first?.status.isDurable == true)
                await first?.close()
                first = nil
                let second = try CisternClient(url: system.poller.url).open("board", storage: FileStorage(path: path))
                try await eventually(within: .seconds(30), "nothing waits") {
                    second.state?.json?.description == #"{"n":3}"# && second.status.pendingCount == 0
                }
                try await second.push(.operations(#"[{"op":"increment","path":"/n","value":1}]"#))
                try await eventually("it is there once") { other.state?.json?.description == #"{"n":4}"# }
                await second.close()
                await other.close()
            }
        }
    }
}
