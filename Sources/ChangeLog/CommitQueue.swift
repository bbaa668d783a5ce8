// Which changes go into which call of the append script: the bounded queue behind a group commit. Pure: it decides, `GroupCommit`
// does.

import Fold

/// How much a group commit gathers on one event loop.
package struct GroupCommitLimits: Sendable {
    /// In one call.
    package var changesPerCall = ChangeLog.maximumChangesPerAppend
    /// Bytes of one call, of which a single change may have more: about as much as Redis copies in a millisecond.
    package var bytesPerCall = 1 << 20
    /// Gathered and in flight together.
    package var changes = 8_192
    /// Bytes of these: half of what a connection may have in flight, so that other commands find room beside them.
    package var bytes = 32 << 20
    /// Applications whose keys are kept at hand while nothing is to be appended to them; about a kilobyte each.
    package var idleApplications = 1_024

    package init() {}
}

/// The changes of each application, in the order in which they were given, with at most one call of it in flight.
///
/// One at a time keeps the order, whatever becomes of a call: what comes behind it waits until it is known where it has got to. While
/// one is in flight the next ones gather, so calls grow with the load.
struct CommitQueue<Element> {
    /// One application's.
    private final class Line {
        let target: AppendTarget
        var gathered: [Element] = []
        var sizes: [Int] = []
        var bytes = 0
        var isInFlight = false

        init(_ target: AppendTarget) {
            self.target = target
        }

        func takeAll() -> Call {
            defer {
                gathered = []
                sizes.removeAll(keepingCapacity: true)
                bytes = 0
            }
            return Call(target: target, elements: gathered, bytes: bytes)
        }

        func take(_ count: Int, bytes: Int) -> Call {
            defer {
                gathered.removeFirst(count)
                sizes.removeFirst(count)
                self.bytes -= bytes
            }
            return Call(target: target, elements: Array(gathered.prefix(count)), bytes: bytes)
        }
    }

    struct Call {
        let target: AppendTarget
        let elements: [Element]
        let bytes: Int
    }

    enum Admission: Equatable {
        case gathered
        /// `limit` changes or bytes already wait.
        case full(limit: Int)
    }

    private let limits: GroupCommitLimits
    private var lines: [ApplicationID: Line] = [:]
    /// Have something gathered and nothing in flight.
    private var ready: [Line] = []
    /// Gathered and in flight together.
    private(set) var count = 0
    private(set) var bytes = 0

    init(limits: GroupCommitLimits) {
        self.limits = limits
    }

    var hasReady: Bool { !ready.isEmpty }

    /// Those that are known, busy or idle.
    var applications: Int { lines.count }

    /// - Parameters:
    ///   - size: bytes. One element may exceed the limit if there is nothing else.
    ///   - target: makes what a call to the application needs, if it is not at hand.
    mutating func admit(
        _ element: Element, size: Int, for application: ApplicationID, target: (ApplicationID) -> AppendTarget
    ) -> Admission {
        guard count < limits.changes else { return .full(limit: limits.changes) }
        guard count == 0 || bytes + size <= limits.bytes else { return .full(limit: limits.bytes) }
        count += 1
        bytes += size
        let line: Line
        if let known = lines[application] {
            line = known
        } else {
            line = Line(target(application))
            lines[application] = line
        }
        if line.gathered.isEmpty, !line.isInFlight { ready.append(line) }
        line.gathered.append(element)
        line.sizes.append(size)
        line.bytes += size
        return .gathered
    }

    /// The next call of every application that has something gathered and nothing in flight.
    mutating func takeReady() -> [Call] {
        defer { ready.removeAll(keepingCapacity: true) }
        return ready.map(take)
    }

    private func take(from line: Line) -> Call {
        line.isInFlight = true
        if line.gathered.count <= limits.changesPerCall, line.bytes <= limits.bytesPerCall {
            return line.takeAll()
        }
        var bytes = 0
        var end = 0
        for size in line.sizes.prefix(limits.changesPerCall) {
            guard end == 0 || bytes + size <= limits.bytesPerCall else { break }
            bytes += size
            end += 1
        }
        return line.take(end, bytes: bytes)
    }

    /// The outcome of a call is known, or known to be unknown.
    mutating func settled(_ call: Call) {
        count -= call.elements.count
        bytes -= call.bytes
        let application = call.target.application
        guard let line = lines[application] else { return }
        line.isInFlight = false
        if !line.gathered.isEmpty {
            ready.append(line)
        } else if lines.count > limits.idleApplications {
            lines[application] = nil
        }
    }
}
