// The state of an application at a position, as memcached and the checkpoint in Redis keep it:
//
//     cistern2 <checksum> <application> <epoch> <position> <version> <fold version> <log bytes> <records> <record bytes> <state bytes>\n
//     <records><state>
//
// The checksum is of everything behind it. A value that a cache hands out under the wrong key or cut short
// is told apart before a byte of it is believed. All of it is one array from where it is written to where it is
// sent, and from where it was received to where it is used: a state may be megabytes.

package struct Snapshot: Sendable {
    private let header: SnapshotHeader
    private let bytes: [UInt8]
    private let stateChecksum: Checksum

    package var application: ApplicationID { header.application }
    package var epoch: Epoch { header.epoch }
    /// How much of the log is folded in.
    package var position: UInt64 { header.position }
    /// The position of the last change that was applied.
    package var version: UInt64 { header.version }
    /// By which version of the fold it was made. Within an epoch there is only one.
    package var foldVersion: Int { header.foldVersion }
    /// Bytes of the log entries 1…position, trimmed ones included.
    package var logBytes: UInt64 { header.logBytes }

    /// The state in canonical JSON.
    package var state: ArraySlice<UInt8> { bytes[(bytes.count - header.stateBytes)...] }

    package var versionToken: VersionToken { VersionToken(epoch: epoch, number: version) }
    package var positionToken: PositionToken { PositionToken(epoch: epoch, number: position) }

    /// Costs nothing: these are the bytes that the snapshot is made of.
    package func encoded() -> [UInt8] { bytes }

    /// The records of the last positions, the newest at `position`. They are read only here: hardly anybody who has a snapshot needs
    /// them.
    ///
    /// - Throws: ``SnapshotError/damaged`` if they are not what a fold writes.
    package func records() throws(SnapshotError) -> ChangeRecords {
        let start = bytes.count - header.stateBytes - header.recordBytes
        guard let records = ChangeRecords(decoding: bytes[start..<(start + header.recordBytes)]),
            records.count == header.recordCount
        else { throw .damaged }
        return records
    }
}

/// Why a value is not the snapshot that was asked for.
package enum SnapshotError: Error, Hashable, Sendable {
    /// Not a snapshot, or one of a format this program does not know.
    case unknownFormat
    /// Cut short or altered.
    case damaged
    /// A whole snapshot, but another application's.
    case otherApplication
    /// Folded by newer rules: this program cannot go on from it.
    case otherFoldVersion
}

extension Snapshot {
    /// Reads `bytes`, believing nothing that the checksum does not cover.
    package init(decoding bytes: [UInt8], of expected: ApplicationID) throws(SnapshotError) {
        guard SnapshotHeader.hasMark(bytes) else { throw .unknownFormat }
        guard bytes.count > SnapshotHeader.checksumEnd else { throw .damaged }
        let checksum = Checksum(bytes[SnapshotHeader.checksumEnd...])
        guard SnapshotHeader.isSealed(bytes, with: checksum) else { throw .damaged }
        header = try SnapshotHeader(of: bytes, expecting: expected)
        let head = Checksum(bytes[SnapshotHeader.checksumEnd..<(bytes.count - header.stateBytes)])
        stateChecksum = checksum.behind(head, count: header.stateBytes)
        self.bytes = bytes
    }

    /// Takes the bytes of a state that was encoded behind `header` and `records`.
    init(_ header: SnapshotHeader, sealed bytes: [UInt8], stateChecksum: Checksum) {
        self.header = header
        self.bytes = bytes
        self.stateChecksum = stateChecksum
    }

    /// Puts a snapshot together, which copies the state.
    package init(
        application: ApplicationID, epoch: Epoch, position: UInt64, version: UInt64, logBytes: UInt64,
        foldVersion: Int = FoldRules.version, records: ChangeRecords, state: ArraySlice<UInt8>
    ) {
        let header = SnapshotHeader(
            application: application, epoch: epoch, position: position, version: version, foldVersion: foldVersion,
            logBytes: logBytes, recordCount: records.count, recordBytes: records.bytes.count, stateBytes: state.count)
        self.init(header, records: records, state: state, stateChecksum: Checksum(state))
    }

    private init(_ header: SnapshotHeader, records: ChangeRecords, state: ArraySlice<UInt8>, stateChecksum: Checksum) {
        var bytes = header.bytes
        bytes.reserveCapacity(bytes.count + records.bytes.count + state.count)
        bytes.append(contentsOf: records.bytes)
        Self.seal(&bytes, records: records, stateChecksum: stateChecksum, stateBytes: state.count)
        bytes.append(contentsOf: state)
        self.init(header, sealed: bytes, stateChecksum: stateChecksum)
    }

    /// Puts the checksum in, from those of its parts.
    ///
    /// - Parameter bytes: begins with the header and the records.
    static func seal(
        _ bytes: inout [UInt8], records: ChangeRecords, stateChecksum: Checksum, stateBytes: Int
    ) {
        let end = bytes.prefix(SnapshotHeader.maximumBytes).firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex - 1
        var checksum = Checksum(bytes[SnapshotHeader.checksumEnd...end])
        checksum.append(records.checksum, count: records.bytes.count)
        checksum.append(stateChecksum, count: stateBytes)
        SnapshotHeader.seal(&bytes, with: checksum)
    }
}

extension Snapshot {
    /// The same state without records: what a checkpoint keeps, since the store has the records themselves.
    package var withoutRecords: Snapshot {
        let bare = SnapshotHeader(
            application: application, epoch: epoch, position: position, version: version, foldVersion: foldVersion,
            logBytes: logBytes, recordCount: 0, recordBytes: 0, stateBytes: header.stateBytes)
        return Snapshot(bare, records: ChangeRecords(), state: state, stateChecksum: stateChecksum)
    }
}
