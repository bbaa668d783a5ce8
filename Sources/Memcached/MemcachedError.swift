// The one error type of this module. A cache that fails is a normal state of affairs: whoever catches one of these goes on
// without the cache.

/// Why an operation on memcached gave no answer.
///
/// After `timedOut`, `unreachable`, `protocolViolation`, `deadlineExceeded` and `cancelled` a store or delete may or may not
/// have happened.
package enum MemcachedError: Error, Sendable, Hashable {
    /// The key cannot be sent. Nothing was.
    case invalidKey(InvalidMemcachedKey)
    /// A setting is out of its bounds, or libmemcached refused it.
    case misconfigured(String)
    /// Two handles chose different servers for this key, so values would be looked for where they are not.
    case handlesDisagree(key: String)
    /// As many operations wait as may wait. Nothing was sent.
    case busy
    /// The operation was not answered in the time it was given.
    case deadlineExceeded(Duration)
    /// The task that waited was cancelled.
    case cancelled
    /// The client has been shut down. Nothing was sent.
    case shutDown
    /// No connection, or it broke, or the server is left alone for a moment after a failure.
    case unreachable(MemcachedAddress, reason: String)
    /// The server was silent for longer than the connect or poll time-out.
    case timedOut(MemcachedAddress)
    /// The server answered something that does not belong to the request.
    case protocolViolation(MemcachedAddress, reason: String)
    /// The server refused, for example for want of memory.
    case refused(MemcachedAddress, reason: String)
}

extension MemcachedError {
    /// A fixed, short name, for metrics.
    package var kind: String {
        switch self {
        case .invalidKey: "invalid_key"
        case .misconfigured: "misconfigured"
        case .handlesDisagree: "handles_disagree"
        case .busy: "busy"
        case .deadlineExceeded: "deadline_exceeded"
        case .cancelled: "cancelled"
        case .shutDown: "shut_down"
        case .unreachable: "unreachable"
        case .timedOut: "timed_out"
        case .protocolViolation: "protocol_violation"
        case .refused: "refused"
        }
    }
}

extension MemcachedError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidKey(let problem):
            "The key cannot be used with memcached: \(problem)."
        case .misconfigured(let problem):
            "The memcached client cannot be set up: \(problem)."
        case .handlesDisagree(let key):
            "Two memcached handles look for the key \(key) on different servers. "
                + "This is a fault of the installed libmemcached; use the version 1.1 of Debian."
        case .busy:
            "Too many memcached operations are waiting already."
        case .deadlineExceeded(let deadline):
            "memcached gave no answer within \(deadline)."
        case .cancelled:
            "Waiting for memcached was cancelled."
        case .shutDown:
            "The memcached client has been shut down."
        case .unreachable(let server, let reason):
            "memcached at \(server) cannot be reached: \(reason)."
        case .timedOut(let server):
            "memcached at \(server) did not answer in time."
        case .protocolViolation(let server, let reason):
            "memcached at \(server) answered out of order: \(reason). The connection was closed."
        case .refused(let server, let reason):
            "memcached at \(server) refused: \(reason)."
        }
    }
}
