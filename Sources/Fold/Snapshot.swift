// The state of an application at a position, as memcached and the checkpoint in Redis keep it:
//
//     cistern1 <checksum> <application> <epoch> <position> <version> <fold version> <log bytes> <record bytes> <state bytes>\n
//     <records><state>
//
// The checksum is of everything behind it. A value that a cache hands out under the wrong key, cut short or written by another
// version of the fold is told apart before a byte of it is believed.

package struct Snapshot: Sendable {
    package let application: ApplicationID
    package let epoch: Epoch
    /// How much of the log is folded in.
    package let position: UInt64
    /// The position of the last change that was applied.
    package let version: UInt64
    /// Bytes of the log entries 1…position, trimmed ones included.
    package let logBytes: UInt64
    /// The records of the last positions, the newest at `position`.
    package let records: ChangeRecords
    /// The state in canonical JSON.
    package let state: ArraySlice<UInt8>

    package init(
        application: ApplicationID, epoch: Epoch, position: UInt64, version: UInt64, logBytes: UInt64,
        records: ChangeRecords, state: ArraySlice<UInt8>
    ) {
        self.application = application
        self.epoch = epoch
        self.position = position
        self.version = version
        self.logBytes = logBytes
        self.records = records
        self.state = state
    }

    package var versionToken: VersionToken { VersionToken(epoch: epoch, number: version) }
    package var positionToken: PositionToken { PositionToken(epoch: epoch, number: position) }
}

/// Why a value is not the snapshot that was asked for.
package enum SnapshotError: Error, Hashable, Sendable {
    /// Not a snapshot, or one of a format this program does not know.
    case unknownFormat
    /// Cut short or altered.
    case damaged
    /// A whole snapshot, but another application's.
    case otherApplication
    /// Folded by other rules: its bytes may differ from what this program would make of the same log.
    case otherFoldVersion
}

extension Snapshot {
    private static let mark = "cistern1"
    /// "cistern1", a space, eight digits, a space.
    private static let checksumEnd = 18
    /// Bytes. Two identifiers and seven numbers stay far below.
    private static let maximumHeaderBytes = 512

    package func encoded() -> [UInt8] {
        var covered = Array(
            """
            \(application) \(epoch) \(position) \(version) \(FoldRules.version) \(logBytes) \
            \(records.bytes.count) \(state.count)\n
            """.utf8)
        covered.append(contentsOf: records.bytes)
        var checksum = Checksum(covered)
        checksum.update(state)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.checksumEnd + covered.count + state.count)
        bytes.append(contentsOf: "\(Self.mark) \(checksum) ".utf8)
        bytes.append(contentsOf: covered)
        bytes.append(contentsOf: state)
        return bytes
    }

    /// Reads `bytes`, believing nothing that the checksum does not cover.
    package init(decoding bytes: [UInt8], of expected: ApplicationID) throws(SnapshotError) {
        guard bytes.starts(with: "\(Self.mark) ".utf8) else { throw .unknownFormat }
        guard bytes.count > Self.checksumEnd,
            bytes[..<Self.checksumEnd].elementsEqual(
                "\(Self.mark) \(Checksum(bytes[Self.checksumEnd...])) ".utf8)
        else { throw .damaged }
        guard let end = bytes.prefix(Self.maximumHeaderBytes).firstIndex(of: UInt8(ascii: "\n")) else { throw .damaged }
        let fields = String(decoding: bytes[Self.checksumEnd..<end], as: UTF8.self).split(separator: " ")
        guard fields.count == 8, let epoch = Epoch(fields[1]), let position = canonicalNumber(fields[2]),
            let version = canonicalNumber(fields[3]), let logBytes = canonicalNumber(fields[5]),
            let recordBytes = canonicalNumber(fields[6]).map(Int.init),
            let stateBytes = canonicalNumber(fields[7]).map(Int.init),
            version <= position, recordBytes <= bytes.count, end + 1 + recordBytes + stateBytes == bytes.count
        else { throw .damaged }
        guard fields[0] == expected.description else { throw .otherApplication }
        guard fields[4] == String(FoldRules.version) else { throw .otherFoldVersion }
        let stateStart = end + 1 + recordBytes
        guard let records = ChangeRecords(decoding: bytes[(end + 1)..<stateStart]), records.count <= position else {
            throw .damaged
        }
        self.init(
            application: expected, epoch: epoch, position: position, version: version, logBytes: logBytes,
            records: records, state: bytes[stateStart...])
    }
}

extension Snapshot {
    /// The same state without records: what a checkpoint keeps, since the store has the records themselves.
    package var withoutRecords: Snapshot {
        Snapshot(
            application: application, epoch: epoch, position: position, version: version, logBytes: logBytes,
            records: ChangeRecords(), state: state)
    }
}

extension Snapshot {
    /// What a value says of its epoch and position, unchecked: enough to see that it cannot be newer without reading all of it.
    package static func claim(of bytes: [UInt8]) -> (epoch: Epoch, position: UInt64)? {
        let header = bytes.prefix(maximumHeaderBytes).prefix { $0 != UInt8(ascii: "\n") }
        let fields = String(decoding: header, as: UTF8.self).split(separator: " ")
        guard fields.count == 10, fields[0] == mark, let epoch = Epoch(fields[3]),
            let position = canonicalNumber(fields[4])
        else { return nil }
        return (epoch, position)
    }
}
