// What a file keeps, whatever happens to whoever writes it.

import Foundation
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
}
