// What stands in Redis and memcached: entries of the log, records, snapshots. None of it is believed.

import Documents

@testable import Fold

private let application: ApplicationID? = try? ApplicationID("board")

/// Parts with bytes 255 between them, which no UTF-8 has: entries that are folded in. The first part is put over the bytes of the
/// snapshot of them, from the place that the first two bytes say.
func fuzzFold(_ input: [UInt8]) {
    guard let application, let epoch = Epoch("e1") else { return }
    let parts = input.split(separator: 255, omittingEmptySubsequences: false)
    _ = ChangeRecords(decoding: input[...])
    var state = ApplicationState(application: application, epoch: epoch, limits: DocumentLimits())
    for entry in parts.dropFirst() { state.fold(Array(entry)) }
    let snapshot = state.snapshot()
    let bytes = snapshot.encoded()
    guard let read = try? Snapshot(decoding: bytes, of: application), let records = try? read.records(),
        let again = try? ApplicationState(read, epoch: epoch, limits: DocumentLimits())
    else { return promise(false, "A snapshot is read again") }
    promise(records.count == Int(state.position), "Every position has its record")
    promise(again.document == state.document && again.version == state.version, "It is the same state")

    guard let damage = parts.first, damage.count > 2 else { return }
    let place = damage.prefix(2).reduce(0) { $0 << 8 | Int($1) } % bytes.count
    var damaged = bytes
    damaged.replaceSubrange(place..<min(bytes.count, place + damage.count - 2), with: damage.dropFirst(2))
    guard damaged != bytes else { return }
    promise((try? Snapshot(decoding: damaged, of: application)) == nil, "The checksum tells that bytes were altered")
    // And where it does not.
    guard damaged.count > SnapshotHeader.checksumEnd else { return }
    SnapshotHeader.seal(&damaged, with: Checksum(damaged[SnapshotHeader.checksumEnd...]))
    guard let believed = try? Snapshot(decoding: damaged, of: application) else { return }
    _ = Snapshot.claim(of: damaged)
    guard var folded = try? ApplicationState(believed, epoch: epoch, limits: DocumentLimits()) else { return }
    for entry in parts.dropFirst() { folded.fold(Array(entry)) }
    _ = folded.snapshot()
}
