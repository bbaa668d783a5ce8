// One limit for everybody, each for themselves, in memory of a fixed size that forgets nobody who owes something.
//
// There is no entry for each key that would have to be thrown out for another's. A key has two cells, chosen by its hash, and is
// believed the cell that says less; what it takes is noted in both. So a key that shares one cell with somebody notices nothing, one that
// shares both gets less than its own, and nobody ever gets more, whatever names they invent (a count-min sketch with conservative
// update; Estan and Varghese, 2002). When everybody has rested, all cells mean “full”, whatever is in them.

import Synchronization

package final class RateTable: Sendable {
    package let limit: RateLimit
    private let shards: [Shard]

    /// Both cells of a key are behind one lock, held for some nanoseconds.
    private final class Shard: Sendable {
        let cells = Mutex([UInt64](repeating: 0, count: RateTable.cellsOfShard))
    }

    /// A power of two; more than threads that could meet there.
    private static let shardCount = 64
    /// A power of two. All shards together are 2 MiB. While 1,000 keys use up their limit, 6 of 100,000 others share both their cells
    /// with them; of 10,000 keys at work at the same time, 6 of 1,000.
    private static let cellsOfShard = 4_096

    package init(_ limit: RateLimit) {
        self.limit = limit
        shards = (0..<Self.shardCount).map { _ in Shard() }
    }

    /// What was taken, in case it has to be given back.
    package struct Receipt: Sendable {
        fileprivate let key: RateKey
        fileprivate let before: (UInt64, UInt64)
        fileprivate let after: UInt64
    }

    /// - Parameter now: Nanoseconds.
    /// - Returns: A receipt, nil if there is too little.
    package func take(_ units: Int, for key: RateKey, at now: UInt64) -> (standing: Standing, receipt: Receipt?) {
        let (first, second) = Self.cells(of: key)
        return shard(of: key).cells.withLock { cells in
            let before = (cells[first], cells[second])
            let (after, standing) = limit.take(units, due: min(before.0, before.1), at: now)
            guard standing.isGranted else { return (standing, nil) }
            cells[first] = max(before.0, after)
            cells[second] = max(before.1, after)
            return (standing, Receipt(key: key, before: before, after: after))
        }
    }

    /// Gives back what was taken a moment ago and not used. Of a cell in which more was noted since then, nothing is given back.
    package func giveBack(_ receipt: Receipt) {
        let (first, second) = Self.cells(of: receipt.key)
        shard(of: receipt.key).cells.withLock { cells in
            if cells[first] == receipt.after { cells[first] = receipt.before.0 }
            if cells[second] == receipt.after { cells[second] = receipt.before.1 }
        }
    }

    private func shard(of key: RateKey) -> Shard { shards[Int(key.hash % UInt64(Self.shardCount))] }

    private static func cells(of key: RateKey) -> (Int, Int) {
        let rest = key.hash / UInt64(shardCount)
        return (Int(rest % UInt64(cellsOfShard)), Int(rest / UInt64(cellsOfShard) % UInt64(cellsOfShard)))
    }
}
