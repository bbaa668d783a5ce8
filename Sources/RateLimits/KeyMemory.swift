// Keys that were noted lately, as many as there is room for.

import Synchronization

package final class KeyMemory: Sendable {
    /// A key has eight places in one row; the one noted longest ago makes room.
    private let rows = Mutex([UInt64](repeating: 0, count: KeyMemory.rowCount * KeyMemory.rowLength))

    /// Half a MiB for 65,536 keys.
    private static let rowCount = 8_192
    private static let rowLength = 8

    package init() {}

    /// Whether a key was noted. Then it counts as noted now.
    package func holds(_ key: RateKey) -> Bool {
        rows.withLock { rows in
            let row = Self.row(of: key)
            guard let place = row.first(where: { rows[$0] == key.hash }) else { return false }
            Self.move(key, to: row.lowerBound, from: place, in: &rows)
            return true
        }
    }

    package func note(_ key: RateKey) {
        rows.withLock { rows in
            let row = Self.row(of: key)
            let place = row.first { rows[$0] == key.hash } ?? row.upperBound - 1
            Self.move(key, to: row.lowerBound, from: place, in: &rows)
        }
    }

    private static func move(_ key: RateKey, to front: Int, from place: Int, in rows: inout [UInt64]) {
        for index in stride(from: place, to: front, by: -1) { rows[index] = rows[index - 1] }
        rows[front] = key.hash
    }

    private static func row(of key: RateKey) -> Range<Int> {
        let start = Int(key.hash % UInt64(rowCount)) * rowLength
        return start..<(start + rowLength)
    }
}
