// What a client wants to have done. `LiveRunner` does it.

import Documents
import Fold

enum Action: Sendable {
    /// Write that down. Comes first, and `send` waits for it.
    case save(KeptQueue.Update)
    case send([OutgoingChange], over: Route)
    /// Ask the server what became of a change.
    case ask(id: String)
    /// Answer the caller.
    case tell(key: String, id: String, ToldOutcome)
    /// Begin a stream.
    case open(Way, have: VersionToken?, presence: Bool)
    /// End the stream or the poll that is under way.
    case close
    case poll(PollPurpose, have: VersionToken?, wait: Duration? = nil, atLeast: PositionToken? = nil)
    /// Set a timer that fires at some moment between these from now, in place of one of its name.
    case timer(TimerName, between: ClosedRange<Duration>)
    case cancel(TimerName)
    /// - Parameters:
    ///   - value: nil takes back what was said.
    ///   - life: after which the server forgets it.
    case say(Document?, over: Route, life: Duration?)
    case askPresence(tag: String?)
}

enum Route: String, Sendable {
    case socket, http
}

/// A change as it stands in a batch or in a socket's message.
struct OutgoingChange: Sendable {
    let id: String
    let kind: Change.Kind
    let condition: Change.Condition?
    let change: Document
}

/// What a caller is told about a change.
enum ToldOutcome: Sendable {
    case applied(at: PositionToken?)
    /// It is folded in, and too long ago for the server to say whether it was applied.
    case unknown(at: PositionToken?)
    /// It was accepted and came to nothing.
    case rejected(Problem)
    /// It was not accepted.
    case refused(Problem)

    var isApplied: Bool { if case .applied = self { true } else { false } }
}
