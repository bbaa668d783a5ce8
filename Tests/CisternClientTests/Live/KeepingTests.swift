// When a change is written down, and what is said of it: before it leaves, before the program is told so, and at the end.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CisternClient

@Suite("Changes that are kept before anything else")
struct KeepingTests {
    /// A storage that does nothing until it may, and then does it or fails.
    private final class SlowStorage: Storage {
        private let gate = Promise<Bool>()
        private let events = Mutex<[String]>([])
        let isDurable: Bool

        init(isDurable: Bool = true) { self.isDurable = isDurable }

        var seen: [String] { events.withLock { $0 } }
        func note(_ event: String) { events.withLock { $0.append(event) } }
        func open(works: Bool = true) { gate.keep(works) }

        func load() async throws -> KeptQueue? { nil }
        func save(_ update: KeptQueue.Update) async throws {
            note("saving")
            guard await gate.value() == true else { throw StorageFailure("full") }
            note("saved")
        }
        func close() async { note("closed") }
    }

    /// A disk that is full at times.
    private final class FailingStorage: Storage {
        let works = Mutex(true)
        let kept = Mutex<[KeptQueue.Update]>([])
        /// Of each update, whether it was kept.
        let told = Mutex<[Bool]>([])
        var isDurable: Bool { true }

        func load() async throws -> KeptQueue? { nil }
        func save(_ update: KeptQueue.Update) async throws {
            guard works.withLock({ $0 }) else { throw StorageFailure("full") }
            kept.withLock { $0.append(update) }
        }
        func close() async {}
    }

    private let change = KeptChange(
        order: 1, key: "k", client: "c", number: 1, kind: .mergePatch, patch: "{}", condition: nil, time: 0)

    @Test("Nothing leaves before it is written down")
    func saveBeforeSend() async throws {
        let (saves, storage) = (SaveQueue(), SlowStorage())
        saves.save(KeptQueue.Update(client: "c", generation: 1, last: 1, put: [change], drop: []))
        saves.send(SaveQueue.Sending(changes: [], route: .http, serial: 0))
        let running = Task {
            await saves.run(
                storage, saved: { _, problem in storage.note(problem == nil ? "told" : "failed") },
                send: { _ in storage.note("sent") })
        }
        try await eventually("it is being saved") { !storage.seen.isEmpty }
        #expect(storage.seen == ["saving"])
        storage.open()
        try await eventually("it is sent") { storage.seen.count == 4 }
        #expect(storage.seen == ["saving", "saved", "told", "sent"])
        saves.finish()
        await running.value
    }

    @Test("A change is said to be kept when it is, and not to be when it is not", arguments: [true, false])
    func told(works: Bool) async throws {
        let (nobody, storage) = (try DeafPort(), SlowStorage())
        let application = try CisternClient(url: nobody.url).open("a", storage: storage)
        let queued = try application.enqueue(.merge(#"{"n":1}"#))
        let told = Mutex<Bool?>(nil)
        let waiting = Task {
            let isKept = try await queued.kept()
            told.withLock { $0 = isKept }
        }
        try await eventually("it is being saved") { !storage.seen.isEmpty }
        #expect(told.withLock { $0 } == nil)
        storage.open(works: works)
        try await waiting.value
        #expect(told.withLock { $0 } == works)
        await application.close()
        let memory = try CisternClient(url: nobody.url).open("a")
        #expect(try await memory.enqueue(.merge(#"{"n":1}"#)).kept() == false)
        await memory.close()
    }

    @Test("What a storage could not keep goes with the next update, and what it never had is not dropped")
    func owed() async throws {
        let (saves, storage) = (SaveQueue(), FailingStorage())
        func change(_ order: UInt64) -> KeptChange {
            KeptChange(
                order: order, key: "\(order)", client: "c", number: order, kind: .mergePatch, patch: "{}",
                condition: nil, time: 0)
        }
        let running = Task {
            await saves.run(
                storage, newest: 2, saved: { _, problem in storage.told.withLock { $0.append(problem == nil) } },
                send: { _ in }
            )
        }
        func save(_ last: UInt64, put: [UInt64], drop: [UInt64], works: Bool) async throws {
            storage.works.withLock { $0 = works }
            saves.save(KeptQueue.Update(client: "c", generation: 1, last: last, put: put.map(change), drop: drop))
            try await eventually("it was saved or not") {
                storage.told.withLock { $0.last == works && $0.count == Int(last) }
            }
        }
        try await save(1, put: [3], drop: [1], works: false)
        try await save(2, put: [4, 5], drop: [3], works: false)
        try await save(3, put: [6], drop: [4], works: true)
        try await save(4, put: [7], drop: [5], works: true)
        saves.finish()
        await running.value
        let kept = storage.kept.withLock { $0 }
        #expect(kept.map { $0.put.map(\.order) } == [[5, 6], [7]])
        #expect(kept.map(\.drop) == [[1, 4], [5]])
    }

    @Test("What a full disk could not keep is made up for, which the status says")
    func madeUp() async throws {
        let (nobody, storage) = (try DeafPort(), FailingStorage())
        let application = try CisternClient(url: nobody.url).open("a", storage: storage)
        storage.works.withLock { $0 = false }
        #expect(try await application.enqueue(.merge(#"{"n":1}"#)).kept() == false)
        #expect(!application.status.isDurable && application.status.storageProblem == "full")
        storage.works.withLock { $0 = true }
        #expect(try await application.enqueue(.merge(#"{"n":2}"#)).kept())
        #expect(application.status.isDurable && application.status.storageProblem == nil)
        #expect(storage.kept.withLock { $0.flatMap(\.put).map(\.number) } == [1, 2])
        await application.close()
    }

    @Test("A file that cannot be read is not written to, and that is said to the end")
    func unreadable() async throws {
        let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString)"
        defer { for end in ["", ".lock", ".next"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let bytes = Data("no line of ours\nnor this\n".utf8)
        try bytes.write(to: URL(filePath: path))
        let nobody = try DeafPort()
        let application = try CisternClient(url: nobody.url).open("a", storage: FileStorage(path: path))
        for _ in 1...2 { #expect(try await application.enqueue(.merge(#"{"n":1}"#)).kept() == false) }
        #expect(!application.status.isDurable)
        #expect(application.status.storageProblem?.contains("damaged at byte 0") == true)
        await application.close()
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    }

    /// Changes that a file has.
    private func kept(_ path: String) async throws -> Int {
        let storage = FileStorage(path: path)
        let count = try await storage.load()?.changes.count ?? 0
        await storage.close()
        return count
    }

    @Test("What was pushed before the end is kept, however soon the end comes", arguments: [true, false])
    func close(whenLoaded: Bool) async throws {
        let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString)"
        defer { for end in ["", ".lock", ".next"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let nobody = try DeafPort()
        for round in 1...10 {
            let application = try CisternClient(url: nobody.url).open("a", storage: FileStorage(path: path))
            if whenLoaded { try await eventually("the file was read") { application.state != nil } }
            let queued = try application.enqueue(.merge(#"{"n":1}"#))
            await application.close()
            #expect(try await queued.kept())
            #expect(try await kept(path) == round)
            #expect(throws: ChangeFailure.closed) { try application.enqueue(.merge("{}")) }
        }
    }

    @Test("What was pushed by who lets go of the application without closing it is kept, too")
    func released() async throws {
        let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString)"
        defer { for end in ["", ".lock", ".next"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let nobody = try DeafPort()
        let queued = try CisternClient(url: nobody.url).open("a", storage: FileStorage(path: path))
            .enqueue(.merge(#"{"n":1}"#))
        #expect(try await queued.kept())
        try await eventually("the file is let go of, and has it") { (try? await kept(path)) == 1 }
    }
}
