// What can happen to a client that follows an application. The names and their meaning are those of ClientBehaviour.md.

import Documents
import Fold

/// How states come, best first.
public enum Way: String, Sendable, Hashable, CaseIterable {
    /// A WebSocket: states come, and changes go, on one connection.
    case socket
    /// Server-Sent Events.
    case events
    /// Long polls: requests that the server answers when there is something new.
    case long
    /// Polls at the cadence that the server asks for.
    case short

    var isStream: Bool { self == .socket || self == .events }
}

enum Event: Sendable {
    case start
    case stop
    case online
    case offline
    /// A timer's time is over.
    case timer(TimerName)

    /// The caller has changed something.
    case push(NewChange)
    /// A batch was taken: one result for each change.
    case pushed([Acknowledgement])
    case pushFailed(Failing)
    /// A socket's messages about a change.
    case acknowledged(id: String, receipt: PositionToken)
    case refused(id: String, Failing)
    case rejected(id: String, Problem?)
    /// The answer to a question.
    case outcome(id: String, AskedOutcome)
    case askFailed(id: String, Failing)

    case opened(Way)
    /// Something came through a stream that says nothing.
    case heard
    /// - Parameter isFinal: this way is closed to the client, as with close code 1013.
    case closed(Way, isFinal: Bool = false, Failing = Failing())
    /// What a server said, by a stream (no purpose) or as the answer to a poll of some purpose.
    case told(Told, purpose: PollPurpose?)
    case pollFailed(PollPurpose, Failing = Failing())

    /// What this client says about itself; nil: that it is not here.
    case say(Document?)
    case said
    case sayFailed(Failing = Failing())
    case watchPresence
    /// - Parameter tag: of the list that was asked for; nil by a stream.
    case present([String: Document], tag: String? = nil)
}

enum TimerName: String, Sendable, CaseIterable {
    case way, silence, steady, promote, `return`, send, settle, ask, presence, present
}

enum PollPurpose: String, Sendable {
    /// To follow the state by polls.
    case way
    /// To find out whether a way is to blame or the server is away.
    case probe
    /// To find out whether a silent socket is dead.
    case silence
    /// For a state that has everything in it that was acknowledged.
    case settle
    /// For the state, after a position that is of no epoch any more.
    case look
}

/// Why something did not work, and what the server asks for.
struct Failing: Sendable {
    var error: CisternError?
    var retryAfter: Duration = .zero
}

/// A change as the caller gives it.
struct NewChange: Sendable {
    /// By which the caller is answered.
    let key: String
    let kind: Change.Kind
    let change: Document
    var condition: Change.Condition?
    /// Of its encoding.
    let bytes: Int
    /// Milliseconds since 1970, UTC: what `timestamp` shows until the server has set its own.
    var time: UInt64
}

/// What a server says became of a folded change.
enum AskedOutcome: Sendable {
    case applied
    case rejected(Problem?)
    case dropped
    /// The server does not remember.
    case unknown
}

/// What a server says about the state.
struct Told: Sendable {
    enum Content: Sendable {
        case state(Document)
        case patch(Document, from: VersionToken?)
        /// - Parameter waited: whether the server followed the wait that was asked for.
        case unchanged(waited: Bool)
        /// There is no such application, or not any more.
        case unknown
    }

    var content: Content
    var version: VersionToken?
    var position: PositionToken?
    /// Until the next poll is welcome, if the server said so.
    var interval: Duration?
}
