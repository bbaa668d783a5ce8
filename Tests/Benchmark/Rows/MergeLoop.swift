// What `merge.js` does: patches as text in, and per 100 of them the state as text out, with a checksum. And the same as the merge daemon
// does it, with all that belongs to a log besides: entries with ids, digests, positions and records in, and the snapshot out as it goes
// to memcached. A process of its own, so that it runs by turns with Node on the same core.

import ArgumentParser
import Documents
import Fold
import Foundation

struct MergeLoop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Folds patches over and over (used by compare).", shouldDisplay: false)

    @Argument(help: "File with the first state.")
    var state: String
    @Argument(help: "File with patches, one a line.")
    var patches: String
    @Argument(help: "How long to measure.")
    var seconds: Double
    @Argument(help: "File for the last state.")
    var final: String
    @Flag(help: "With the bookkeeping of the log.")
    var log = false

    func run() throws {
        let first = Array(try String(contentsOfFile: state, encoding: .utf8).utf8)
        let lines = try String(contentsOfFile: patches, encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        if log {
            var merger = try LogMerger(first: first, patches: lines)
            try measure(lines.count) {
                merger.pass()
            } final: {
                try merger.final()
            }
        } else {
            var merger = try TextMerger(first: first, patches: lines)
            try measure(lines.count) {
                try merger.pass()
            } final: {
                merger.final()
            }
        }
    }

    private func measure(_ changesPerPass: Int, _ pass: () throws -> Int, final: () throws -> [UInt8]) throws {
        let clock = ContinuousClock()
        let warm = clock.now
        repeat { _ = try pass() } while clock.now - warm < Self.warmUp
        let start = clock.now
        var changes = 0
        var bytes = 0
        var elapsed = Duration.zero
        repeat {
            bytes += try pass()
            changes += changesPerPass
            elapsed = clock.now - start
        } while elapsed < .seconds(seconds)
        try Data(try final()).write(to: URL(filePath: self.final))
        print("result requests=\(changes) microseconds=\(Int(elapsed / .microseconds(1))) bytes=\(bytes) errors=0")
    }

    private static let warmUp = Duration.milliseconds(300)
}

/// Changes per encoding.
private let perEncoding = 100

/// The work that the loop in Node does.
private struct TextMerger {
    private var document: Document
    private var checksum = StretchedChecksum()
    private let patches: [[UInt8]]

    init(first: [UInt8], patches: [[UInt8]]) throws {
        document = try Document(parsing: first)
        self.patches = patches
    }

    /// All patches once.
    ///
    /// - Returns: bytes of encodings.
    mutating func pass() throws -> Int {
        var bytes = 0
        for (index, text) in patches.enumerated() {
            try document.apply(try Patch(parsing: text, kind: .mergePatch), time: 0)
            guard index % perEncoding == perEncoding - 1 else { continue }
            bytes +=
                document.encodeAndRemember(behind: []) { encoding, kept in
                    unsafe encoding.withUnsafeBytes { unsafe checksum.update($0, keeping: kept) }
                }.count
        }
        return bytes
    }

    func final() -> [UInt8] { document.encoded() }
}

/// The work of the merge daemon.
private struct LogMerger {
    private var state: ApplicationState
    private let entries: [[UInt8]]

    /// Records that a snapshot carries: as many as the merge daemon keeps at least.
    private static let records = 64

    init(first: [UInt8], patches: [[UInt8]]) throws {
        guard let epoch = Epoch("bench") else { throw Wrong("“bench” is no epoch.") }
        state = ApplicationState(application: try ApplicationID("board"), epoch: epoch, limits: .standard)
        entries = try patches.enumerated().map { try Self.entry("c\($0)", $1) }
        guard state.fold(try Self.entry("begin", first)).rejection == nil else {
            throw Wrong("The first state is rejected.")
        }
    }

    mutating func pass() -> Int {
        var bytes = 0
        for (index, entry) in entries.enumerated() {
            state.fold(entry)
            guard index % perEncoding == perEncoding - 1 else { continue }
            state.keepRecords(Self.records)
            bytes += state.snapshot().encoded().count
        }
        return bytes
    }

    func final() throws -> [UInt8] {
        guard state.version == state.position else { throw Wrong("A patch was rejected.") }
        return state.document.encoded()
    }

    /// A change as the log has it.
    private static func entry(_ id: String, _ patch: [UInt8]) throws -> [UInt8] {
        let change = try Change(
            id: try ChangeID(id), precondition: .none, kind: .mergePatch, parsing: patch.span)
        return LogEntry.bytes(
            time: 1_700_000_000_000, id: change.id, kind: change.kind, condition: .none, digest: change.digest,
            body: change.body)
    }
}
