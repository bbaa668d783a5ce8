// The last states that webhooks were told of, so that the next one can be told as a patch. Best effort: what is not here is told without one.

import Documents
import Fold

actor KnownStates {
    private struct Entry {
        var versions: [(version: String, state: Document, bytes: Int)] = []
        var used: UInt64 = 0
    }

    private var entries: [ApplicationID: Entry] = [:]
    private var bytes = 0
    private var turn: UInt64 = 0

    /// Bytes of JSON; in memory they take a few times as much.
    private static let byteLimit = 32 << 20
    /// Larger ones have patches that are worth less than their room.
    private static let largest = 1 << 20
    /// Of one application: webhooks may have been told of different ones.
    private static let versions = 3

    func state(of application: ApplicationID, at version: String) -> Document? {
        entries[application]?.versions.first { $0.version == version }?.state
    }

    func add(_ state: Document, bytes count: Int, of application: ApplicationID, at version: String) {
        guard count <= Self.largest else { return }
        var entry = entries[application] ?? Entry()
        guard !entry.versions.contains(where: { $0.version == version }) else { return }
        turn += 1
        entry.used = turn
        entry.versions.append((version, state, count))
        bytes += count
        if entry.versions.count > Self.versions { bytes -= entry.versions.removeFirst().bytes }
        entries[application] = entry
        while bytes > Self.byteLimit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            bytes -= oldest.value.versions.reduce(0) { $0 + $1.bytes }
            entries[oldest.key] = nil
        }
    }
}
