/// Everything that can go wrong with a command or a connection.
///
/// What matters most to a caller is whether the server may have acted on the command: see `outcome`.
package enum RedisError: Error, Sendable, Equatable {
    /// No connection became ready within the time a caller waits for one. `reason` is what the last attempt failed
    /// with.
    case notConnected(RedisAddress, reason: String)
    /// The connection is closing or closed, so the command was not taken.
    case connectionClosing(RedisAddress)
    /// `limit` commands, or `limit` bytes of commands, already wait for their replies on this connection.
    case tooManyInFlight(RedisAddress, limit: Int)
    /// As many callers as are allowed already wait for a connection.
    case tooManyWaiting(RedisAddress, limit: Int)
    /// The client was told to shut down.
    case shuttingDown(RedisAddress)
    /// The task was cancelled while it waited for a connection.
    case cancelled
    /// The server answered with an error. What a script wrote before it failed stays written.
    case refused(RedisErrorReply, RedisAddress)
    /// READONLY, LOADING or MASTERDOWN, or a role other than master: this server must not be used now. The connection
    /// is given up.
    case notPrimary(RedisAddress, reason: String)
    /// AUTH failed or was missing.
    case authenticationFailed(RedisAddress, reason: String)
    /// The connection ended, or the reply did not come in time, after the command had been handed over.
    case outcomeUnknown(RedisAddress, reason: String)
    /// What was asked for is done, but only so many replicas had it in time: a failover may lose it.
    case tooFewReplicas(RedisAddress, have: Int, wanted: Int)
    /// The server answered something this command never answers.
    case unexpectedReply(String)
    /// As many channels as are allowed are already subscribed to.
    case tooManySubscriptions(limit: Int)
}

extension RedisError {
    /// What is known about the command that failed.
    package enum Outcome: Sendable, Hashable {
        /// It never reached the server: sending it again cannot do it twice.
        case notSent
        /// The server looked at it and answered with an error.
        case answered
        /// It may have been executed or not.
        case unknown
    }

    package var outcome: Outcome {
        switch self {
        case .notConnected, .connectionClosing, .tooManyInFlight, .tooManyWaiting, .shuttingDown, .cancelled,
            .tooManySubscriptions:
            .notSent
        case .refused, .notPrimary, .authenticationFailed, .unexpectedReply: .answered
        case .outcomeUnknown, .tooFewReplicas: .unknown
        }
    }
}

extension RedisError {
    /// Why, without where.
    var reason: String {
        switch self {
        case .notConnected(_, let reason), .notPrimary(_, let reason), .authenticationFailed(_, let reason),
            .outcomeUnknown(_, let reason):
            reason
        case .refused(let reply, _): reply.message
        case .connectionClosing, .tooManyInFlight, .tooManyWaiting, .shuttingDown, .cancelled, .unexpectedReply,
            .tooManySubscriptions, .tooFewReplicas:
            description
        }
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notConnected(let address, let reason):
            """
            There is no connection to Redis at \(address): \(reason). The client goes on trying; see that the server \
            runs and can be reached.
            """
        case .connectionClosing(let address):
            "The connection to Redis at \(address) is closing; the command was not sent. Take another connection."
        case .tooManyInFlight(let address, let limit):
            """
            Redis at \(address) still has to answer \(limit) commands, or bytes of commands, of one connection; this \
            one was not sent. Try again later.
            """
        case .tooManyWaiting(let address, let limit):
            "\(limit) callers already wait for a connection to Redis at \(address). Try again later."
        case .shuttingDown(let address):
            "The client of Redis at \(address) is shutting down; the command was not sent."
        case .cancelled:
            "Waiting for a connection to Redis was cancelled; nothing was sent."
        case .refused(let reply, let address):
            "Redis at \(address) answered with an error: \(reply.message)"
        case .notPrimary(let address, let reason):
            "Redis at \(address) cannot be used now: \(reason). A primary that has loaded its data is needed."
        case .authenticationFailed(let address, let reason):
            "Redis at \(address) did not let us in: \(reason). Look at user and password in its URL."
        case .outcomeUnknown(let address, let reason):
            "The outcome of a command sent to Redis at \(address) is unknown: \(reason). It may have been executed."
        case .tooFewReplicas(let address, let have, let wanted):
            """
            Redis at \(address) has done it, but only \(have) of the \(wanted) replicas that were asked for had it in time. See that \
            they run and keep up.
            """
        case .unexpectedReply(let what):
            "Redis gave a reply that does not fit the command: \(what). Is it really a Redis of version 6.2 or later?"
        case .tooManySubscriptions(let limit):
            "\(limit) channels are already subscribed to; no further one is taken."
        }
    }
}
