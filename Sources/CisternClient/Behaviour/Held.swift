// The state that the client has, and whether an answer may take its place.
//
// Within an epoch versions only go up: a server that is behind is not believed. An epoch that was left is not gone back to, because a server on
// the old Redis may still be answering; but the one gone to may have been that one, so an epoch that is all that is answered for `returnAfter` is
// taken again, from the position on that the client had there.

import Documents
import Fold

struct Held: Sendable {
    /// Longer than two primaries exist at the same time in an orderly failover, short enough for a person to wait.
    static let returnAfter: Duration = .seconds(10)
    /// Epochs that are remembered as left. Each is a loss of data or a deletion: nobody sees many.
    static let mostLeft = 16

    struct Now: Sendable {
        let epoch: Epoch
        var version: UInt64
        var position: UInt64
        var value: Document
    }

    var now: Now?
    /// The positions at which other epochs were left, the last one at the end.
    var left: [(epoch: Epoch, position: UInt64)] = []
    /// An epoch that was left and is answered again, and whether for long enough to believe it.
    var strange: (epoch: Epoch, isRipe: Bool)?
    /// Whether a patch may be built on what is held.
    var isWhole = true

    enum Verdict: Sendable {
        case taken
        /// The server has less than the client.
        case behind
        /// It does not fit what the client has, which needs the whole state.
        case gap
        /// It is of an epoch that was left.
        case strange
    }

    /// The version of what is held.
    var version: VersionToken? { now.map { VersionToken(epoch: $0.epoch, number: $0.version) } }

    /// What to name as had: nothing, if it cannot be built on.
    var have: VersionToken? { isWhole ? version : nil }

    /// Takes what a server said: a state, a patch or that nothing has changed.
    mutating func receive(_ told: Told) -> Verdict {
        let position = told.position ?? told.version.map { PositionToken(epoch: $0.epoch, number: $0.number) }
        guard let position else { return .gap }
        let version: VersionToken
        if let told = told.version {
            version = told
        } else if case .unchanged = told.content, let now {
            // How far the server is, and no more.
            version = VersionToken(epoch: position.epoch, number: now.version)
        } else {
            return .gap
        }
        guard var now, now.epoch == version.epoch else { return receiveEpoch(told, version, position) }
        strange = nil
        if version.number < now.version { return .behind }
        switch told.content {
        case .state(let value):
            if version.number > now.version { now.value = value }
            isWhole = true
        case .patch(let patch, let from):
            guard version.number == now.version || from == have && now.value.follow(patch) else { return gap() }
        case .unchanged, .unknown:
            if version.number > now.version { return gap() }
        }
        now.version = version.number
        now.position = max(now.position, position.number, version.number)
        self.now = now
        return .taken
    }

    /// Whether an answer is of the epoch at hand and of a later version.
    func isNews(_ told: Told) -> Bool {
        guard let now, let version = told.version else { return false }
        return version.epoch == now.epoch && version.number > now.version
    }

    private mutating func receiveEpoch(
        _ told: Told, _ version: VersionToken, _ position: PositionToken
    ) -> Verdict {
        if let floor = left.first(where: { $0.epoch == version.epoch })?.position {
            let isRipe = strange?.epoch == version.epoch && strange?.isRipe == true
            if !isRipe || position.number < floor {
                if strange?.epoch != version.epoch { strange = (version.epoch, false) }
                return .strange
            }
        }
        guard case .state(let value) = told.content else { return gap() }
        leave()
        left.removeAll { $0.epoch == version.epoch }
        strange = nil
        isWhole = true
        now = Now(epoch: version.epoch, version: version.number, position: position.number, value: value)
        return .taken
    }

    /// There is no such application, or not any more.
    mutating func leave() {
        guard let now else { return }
        left.append((now.epoch, now.position))
        left.removeFirst(max(0, left.count - Self.mostLeft))
        self.now = nil
    }

    private mutating func gap() -> Verdict {
        isWhole = false
        return .gap
    }
}

extension Document {
    /// What a server was set to keep may be larger than the standard, and it has seen to the limits.
    static let unlimited = DocumentLimits(
        maximumBytes: .max, maximumDepth: ParsingLimits.maximumDepth, maximumWork: .max)

    /// Applies what a server says has changed: an array is a JSON Patch, all else a merge patch. False if it cannot be applied.
    fileprivate mutating func follow(_ patch: Document) -> Bool {
        do {
            let patch = try Patch(patch, kind: patch.kind == .array ? .jsonPatch : .mergePatch)
            try apply(patch, time: 0, limits: Self.unlimited)
            return true
        } catch {
            return false
        }
    }
}
