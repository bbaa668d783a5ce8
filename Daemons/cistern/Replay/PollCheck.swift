// What a poller that watches all along has a right to: versions and positions that never go down, and the same bytes under the same version.

import CisternClient

struct PollCheck: Sendable {
    /// The first thing that was wrong, as a sentence.
    private(set) var violation: String?
    private(set) var versionsSeen = 0
    private(set) var polls = 0
    private var version: Version?
    private var position: Position?
    /// Of the bytes at `version`.
    private var fingerprint: Int?
    private var leftEpochs: Set<String> = []

    mutating func observe(_ state: State) {
        polls += 1
        observe(state.position)
        let fingerprint = state.json.hashValue
        defer { (version, self.fingerprint) = (state.version, fingerprint) }
        guard let version else {
            versionsSeen = 1
            return
        }
        if version != state.version { versionsSeen += 1 }
        if version.epoch != state.version.epoch {
            leftEpochs.insert(version.epoch)
            if leftEpochs.contains(state.version.epoch) {
                report("went back from epoch \(version.epoch) to \(state.version.epoch)")
            }
        } else if state.version.number < version.number {
            report("went back from version \(version) to \(state.version)")
        } else if state.version == version, fingerprint != self.fingerprint {
            report("had two different states under version \(version)")
        }
    }

    mutating func observeUnchanged(at position: Position?) {
        polls += 1
        if let position { observe(position) }
    }

    private mutating func observe(_ new: Position) {
        if let position, position.epoch == new.epoch, new.number < position.number {
            report("went back from position \(position) to \(new)")
        }
        position = new
    }

    private mutating func report(_ what: String) {
        if violation == nil { violation = "A poll \(what)." }
    }

    /// The version to send along, nil for a poll that wants the whole state: now and then, to see whether it still has the same bytes.
    var known: Version? { polls.isMultiple(of: 8) ? nil : version }
}
