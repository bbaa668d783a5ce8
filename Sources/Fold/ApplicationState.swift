// The fold: one application's state as a pure function of changes 1…position. No clock, no randomness, no I/O; whoever folds
// the same log gets the same bytes. It is total: what cannot be applied is rejected, takes its position, and the log goes on.

package import Documents

/// What two folds must have in common to give the same bytes.
package enum FoldRules {
    /// Raised whenever the same log could give other bytes than before. Stored with every snapshot, with every partition and in the settings
    /// of the store, so that two versions of the program never continue each other's work (Running.md).
    package static let version = 1
}

/// An application's state while it follows the log.
package struct ApplicationState: Sendable {
    package let application: ApplicationID
    package var epoch: Epoch
    package private(set) var position: UInt64
    package private(set) var version: UInt64
    /// Bytes of the log entries 1…position, by which the store knows how many bytes of log it still keeps.
    package private(set) var logBytes: UInt64
    package private(set) var document: Document
    package private(set) var records: ChangeRecords
    /// Of the document's last encoding.
    private(set) var checksum = StretchedChecksum()

    /// Bytes of the state in canonical JSON.
    package var stateBytes: Int { document.encodedCount }

    /// Limits that decide whether a change is applied: part of the fold, and so read from the store, never from a daemon's flags.
    package let limits: DocumentLimits
    /// By which this folds; its snapshots say so.
    private let foldVersion: Int

    /// The state before the first change: `{}` at position 0.
    package init(
        application: ApplicationID, epoch: Epoch, limits: DocumentLimits, foldVersion: Int = FoldRules.version
    ) {
        self.foldVersion = foldVersion
        self.application = application
        self.epoch = epoch
        self.limits = limits
        position = 0
        version = 0
        logBytes = 0
        document = .emptyObject
        records = ChangeRecords()
    }

    /// Goes on from a snapshot or checkpoint, in the epoch that the store says is the application's now.
    ///
    /// A snapshot of an older fold is where this one begins: what comes behind it in this epoch is folded by nobody else's rules.
    ///
    /// - Throws: ``SnapshotError/otherFoldVersion`` if it is of a newer one, ``SnapshotError/damaged`` if the state is not the JSON that a fold writes, or the records are not.
    package init(
        _ snapshot: Snapshot, epoch: Epoch, limits: DocumentLimits, foldVersion: Int = FoldRules.version
    ) throws(SnapshotError) {
        guard snapshot.foldVersion <= foldVersion else { throw .otherFoldVersion }
        self.foldVersion = foldVersion
        application = snapshot.application
        self.epoch = epoch
        self.limits = limits
        position = snapshot.position
        version = snapshot.version
        logBytes = snapshot.logBytes
        records = try snapshot.records()
        do {
            document = try Document(parsing: snapshot.state.span, limits: ParsingLimits(depth: limits.maximumDepth))
        } catch {
            throw .damaged
        }
    }

    /// Folds in the entry at `position + 1`.
    ///
    /// - Returns: what became of it. Never fails: whatever stands in the list takes its position.
    @discardableResult
    package mutating func fold(_ bytes: [UInt8]) -> FoldOutcome {
        position += 1
        logBytes += UInt64(bytes.count)
        let outcome = outcome(of: bytes)
        if outcome.rejection == nil { version = position }
        records.append(outcome)
        return outcome
    }

    private mutating func outcome(of bytes: [UInt8]) -> FoldOutcome {
        guard let entry = LogEntry(bytes) else {
            return FoldOutcome(entry: nil, rejection: Rejection(.unreadableEntry))
        }
        guard let patch = try? Patch(parsing: entry.body, kind: entry.kind) else {
            return FoldOutcome(entry: entry, rejection: Rejection(.unreadableEntry))
        }
        return FoldOutcome(entry: entry, rejection: apply(patch, of: entry))
    }

    private mutating func apply(_ patch: Patch, of entry: LogEntry) -> Rejection? {
        guard entry.condition.holds(atVersion: version) else { return Rejection(.preconditionFailed) }
        do {
            try document.apply(patch, time: entry.time, limits: limits)
            return nil
        } catch {
            return Rejection(error)
        }
    }

    /// Forgets the records of all but the last `count` positions.
    package mutating func keepRecords(_ count: Int) {
        records.keepLast(count)
    }

    /// The state as others may keep it. Only here are its bytes written: once, and where little has changed since the last time, as a
    /// copy of the last ones.
    package mutating func snapshot() -> Snapshot {
        let header = SnapshotHeader(
            application: application, epoch: epoch, position: position, version: version, foldVersion: foldVersion,
            logBytes: logBytes, recordCount: records.count, recordBytes: records.bytes.count,
            stateBytes: document.encodedCount)
        let bytes = document.encodeAndRemember(behind: [header.bytes, records.bytes]) { bytes, kept in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe checksum.update(
                    UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - header.stateBytes)...]), keeping: kept)
            }
            Snapshot.seal(
                &bytes, records: records, stateChecksum: checksum.whole, stateBytes: header.stateBytes)
        }
        return Snapshot(header, sealed: bytes, stateChecksum: checksum.whole)
    }
}
