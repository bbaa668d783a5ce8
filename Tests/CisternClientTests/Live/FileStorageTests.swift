// What a file keeps, whatever happens to whoever writes it.

import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import CisternClient

@Suite("Changes that are kept in a file")
struct FileStorageTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "cistern-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func change(_ order: UInt64, bytes: Int = 1) -> KeptChange {
        KeptChange(
            order: order, key: "k\(order)", client: "c", number: order, kind: .mergePatch,
            patch: JSONText(#"{"a":"\#(String(repeating: "x", count: bytes))"}"#),
            condition: Version("e-3").map { .version($0) }, time: 5)
    }

    private func update(_ last: UInt64, put: [KeptChange], drop: [UInt64] = []) -> KeptQueue.Update {
        KeptQueue.Update(client: "c", generation: 1, last: last, put: put, drop: drop)
    }

    @Test("What was saved is loaded by the next one, in order")
    func kept() async throws {
        try await withFolder { folder in
            let first = FileStorage(path: folder + "/queue")
            #expect(try await first.load() == nil)
            try await first.save(update(2, put: [change(1), change(2)]))
            try await first.save(update(3, put: [change(3)], drop: [1]))
            await first.close()
            let second = FileStorage(path: folder + "/queue")
            let kept = try await second.load()
            #expect(kept == KeptQueue(client: "c", generation: 1, last: 3, changes: [change(2), change(3)]))
        }
    }

    @Test("Cut off at any byte, it has what was saved before, and goes on from there")
    func cut() async throws {
        try await withFolder { folder in
            let path = folder + "/queue"
            let first = FileStorage(path: path)
            _ = try await first.load()
            var ends: [Int] = [0]
            for number in 1...3 as ClosedRange<UInt64> {
                try await first.save(update(number, put: [change(number)]))
                ends.append(try Data(contentsOf: URL(filePath: path)).count)
            }
            await first.close()
            let whole = try Data(contentsOf: URL(filePath: path))
            for count in 0...whole.count {
                try whole.prefix(count).write(to: URL(filePath: path))
                let saved = (ends.lastIndex { $0 <= count }) ?? 0
                let storage = FileStorage(path: path)
                #expect(try await storage.load()?.changes.count ?? 0 == saved, "\(count) bytes")
                try await storage.save(update(9, put: [change(9)]))
                await storage.close()
                let next = FileStorage(path: path)
                #expect(try await next.load()?.changes.count == saved + 1, "\(count) bytes, and a save")
                await next.close()
            }
        }
    }

    @Test("Damage before the end is said, not guessed over")
    func damaged() async throws {
        try await withFolder { folder in
            let path = folder + "/queue"
            let first = FileStorage(path: path)
            _ = try await first.load()
            for number in 1...3 as ClosedRange<UInt64> { try await first.save(update(number, put: [change(number)])) }
            await first.close()
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[bytes.startIndex + 20] ^= 1
            try bytes.write(to: URL(filePath: path))
            let error = await #expect(throws: StorageFailure.self) { _ = try await FileStorage(path: path).load() }
            #expect(error?.description.contains("damaged at byte 0") == true)
        }
    }

    @Test("Two programs never use one file")
    func locked() async throws {
        try await withFolder { folder in
            let first = FileStorage(path: folder + "/queue")
            _ = try await first.load()
            let second = FileStorage(path: folder + "/queue")
            let error = await #expect(throws: StorageFailure.self) { _ = try await second.load() }
            #expect(error?.description.contains("used by another program") == true)
            await #expect(throws: StorageFailure.self) { try await second.save(update(1, put: [change(1)])) }
            await first.close()
            _ = try await FileStorage(path: folder + "/queue").load()
        }
    }

    @Test("The file stays small however much goes through it")
    func small() async throws {
        try await withFolder { folder in
            let path = folder + "/queue"
            let storage = FileStorage(path: path)
            _ = try await storage.load()
            for number in 1...100 as ClosedRange<UInt64> {
                let dropped = number > 1 ? [number - 1] : []
                try await storage.save(update(number, put: [change(number, bytes: 20_000)], drop: dropped))
            }
            #expect(try Data(contentsOf: URL(filePath: path)).count < 320 << 10)
            await storage.close()
            #expect(try await FileStorage(path: path).load()?.changes == [change(100, bytes: 20_000)])
        }
    }

    /// A disk of which it is known what was done to it, and that fails when it is told to.
    private final class WatchedDisk: Sendable {
        private let seen = Mutex<[String]>([])
        private let failing = Mutex<String?>(nil)

        /// What was done since the last look.
        func done() -> [String] {
            seen.withLock { seen in
                defer { seen = [] }
                return seen
            }
        }

        func fail(_ act: String?) { failing.withLock { $0 = act } }

        var disk: Disk {
            Disk(
                write: { bytes, file in
                    try self.note("write \(try Self.name(of: file))")
                    try Disk.real.write(bytes, file)
                },
                sync: { file in
                    try self.note("sync \(try Self.name(of: file))")
                    try Disk.real.sync(file)
                },
                rename: { old, new in
                    try self.note("rename \(Self.last(old)) \(Self.last(new))")
                    try Disk.real.rename(old, new)
                })
        }

        private func note(_ act: String) throws {
            if failing.withLock({ $0 == act }) { throw Errno.noSpace }
            seen.withLock { $0.append(act) }
        }

        private static func name(of file: FileDescriptor) throws -> String {
            last(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(file.rawValue)"))
        }

        private static func last(_ path: String) -> String {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return name.hasPrefix("cistern-") ? "folder" : name
        }
    }

    @Test(
        "A save is on the disk when it returns, and a new file takes the place of the old one when it is there in full")
    func order() async throws {
        try await withFolder { folder in
            let watched = WatchedDisk()
            let storage = FileStorage(path: folder + "/queue", disk: watched.disk)
            _ = try await storage.load()
            #expect(watched.done() == ["sync folder"])
            try await storage.save(update(1, put: [change(1)]))
            #expect(watched.done() == ["write queue", "sync queue"])
            try await storage.save(update(2, put: [change(2, bytes: 300 << 10)], drop: [1]))
            _ = watched.done()
            try await storage.save(update(3, put: [change(3)], drop: [2]))
            #expect(
                watched.done() == ["write queue.next", "sync queue.next", "rename queue.next queue", "sync folder"])
            await storage.close()
        }
    }

    @Test(
        "What cannot be written down is said, the file goes on to have what it had, and the next save makes up for it",
        arguments: ["write queue", "sync queue"], [nil, "sync queue.next", "rename queue.next queue"])
    func failing(act: String, next: String?) async throws {
        try await withFolder { folder in
            let watched = WatchedDisk()
            let storage = FileStorage(path: folder + "/queue", disk: watched.disk)
            _ = try await storage.load()
            try await storage.save(update(1, put: [change(1)]))
            watched.fail(act)
            await #expect(throws: StorageFailure.self) { try await storage.save(update(2, put: [change(2)])) }
            if let next {
                watched.fail(next)
                await #expect(throws: StorageFailure.self) { try await storage.save(update(3, put: [change(3)])) }
                // Killed now, the program has what was kept.
                try FileManager.default.copyItem(atPath: folder + "/queue", toPath: folder + "/copy")
                let copy = FileStorage(path: folder + "/copy")
                #expect(try await copy.load()?.changes.first == change(1))
                await copy.close()
            }
            watched.fail(nil)
            _ = watched.done()
            try await storage.save(update(4, put: [change(4)], drop: [1]))
            #expect(watched.done().first == "write queue.next")
            await storage.close()
            let kept = try await FileStorage(path: folder + "/queue").load()?.changes.map(\.order)
            #expect(kept == (next == nil ? [2, 4] : [2, 3, 4]))
        }
    }
}
