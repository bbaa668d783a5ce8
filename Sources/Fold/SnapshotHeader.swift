// The first line of a snapshot: what it is, and how long its parts are.

struct SnapshotHeader: Sendable {
    let application: ApplicationID
    let epoch: Epoch
    let position: UInt64
    let version: UInt64
    let foldVersion: Int
    let logBytes: UInt64
    let recordCount: Int
    let recordBytes: Int
    let stateBytes: Int

    static let mark = "cistern2"
    /// Where the checksum stands: behind the mark and a space.
    static let checksumPlace = 9..<17
    /// Behind the checksum and a space: from here on it covers everything.
    static let checksumEnd = 18
    /// Bytes. Two identifiers and eight numbers stay far below.
    static let maximumBytes = 512

    /// The line, with zeros in the place of the checksum.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        bytes.append(contentsOf: "\(Self.mark) 00000000 ".utf8)
        bytes.append(contentsOf: application.description.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: epoch.description.utf8)
        for number in [position, version, UInt64(foldVersion), logBytes] {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: String(number).utf8)
        }
        for number in [recordCount, recordBytes, stateBytes] {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: String(number).utf8)
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Puts the checksum of all that it covers into its place.
    static func seal(_ bytes: inout [UInt8], with checksum: Checksum) {
        for (place, digit) in zip(checksumPlace, checksum.digits) { bytes[place] = digit }
    }

    static func isSealed(_ bytes: [UInt8], with checksum: Checksum) -> Bool {
        bytes[checksumPlace].elementsEqual(checksum.digits) && bytes[checksumEnd - 1] == UInt8(ascii: " ")
    }

    static func hasMark(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "\(mark) ".utf8) }

    /// Reads the line of `bytes`, whose checksum was found right.
    ///
    /// - Throws: `damaged` if it is none, or if `bytes` is not as long as it says.
    init(of bytes: [UInt8], expecting expected: ApplicationID) throws(SnapshotError) {
        guard let end = bytes.prefix(Self.maximumBytes).firstIndex(of: UInt8(ascii: "\n")) else { throw .damaged }
        let fields = String(decoding: bytes[Self.checksumEnd..<end], as: UTF8.self).split(separator: " ")
        guard fields.count == 9, let epoch = Epoch(fields[1]), let position = canonicalNumber(fields[2]),
            let version = canonicalNumber(fields[3]), let foldVersion = canonicalNumber(fields[4]).map(Int.init),
            let logBytes = canonicalNumber(fields[5]),
            let recordCount = canonicalNumber(fields[6]).map(Int.init),
            let recordBytes = canonicalNumber(fields[7]).map(Int.init),
            let stateBytes = canonicalNumber(fields[8]).map(Int.init),
            version <= position, recordCount <= position, (recordCount == 0) == (recordBytes == 0),
            recordBytes <= bytes.count,
            end + 1 + recordBytes + stateBytes == bytes.count
        else { throw .damaged }
        guard fields[0] == expected.description else { throw .otherApplication }
        self.init(
            application: expected, epoch: epoch, position: position, version: version, foldVersion: foldVersion,
            logBytes: logBytes, recordCount: recordCount, recordBytes: recordBytes, stateBytes: stateBytes)
    }

    init(
        application: ApplicationID, epoch: Epoch, position: UInt64, version: UInt64, foldVersion: Int, logBytes: UInt64,
        recordCount: Int, recordBytes: Int, stateBytes: Int
    ) {
        self.application = application
        self.epoch = epoch
        self.position = position
        self.version = version
        self.foldVersion = foldVersion
        self.logBytes = logBytes
        self.recordCount = recordCount
        self.recordBytes = recordBytes
        self.stateBytes = stateBytes
    }
}

extension Snapshot {
    /// Bytes from the beginning of a value that are enough for `claim`.
    package static let claimBytes = SnapshotHeader.maximumBytes

    /// What a value says of its epoch and position, unchecked: enough to see that it cannot be newer without reading all of it.
    package static func claim(of bytes: some Collection<UInt8>) -> (epoch: Epoch, position: UInt64)? {
        let header = bytes.prefix(claimBytes).prefix { $0 != UInt8(ascii: "\n") }
        let fields = String(decoding: header, as: UTF8.self).split(separator: " ")
        guard fields.count == 11, fields[0] == SnapshotHeader.mark, let epoch = Epoch(fields[3]),
            let position = canonicalNumber(fields[4])
        else { return nil }
        return (epoch, position)
    }
}
