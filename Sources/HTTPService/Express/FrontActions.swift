// What a connection's front may be at, what it may have to do, and how long a peer may take: the terms of `FrontProgress`.

import NIOCore

extension FrontProgress {
    enum Mode: Equatable {
        /// Whole requests are looked at as they come.
        case lanes
        /// A lane has taken a request and will reply. A patient reply waits for something to happen, not for work to be done.
        case waiting(isPatient: Bool)
        /// A lane's answer has begun and has no end yet.
        case streaming
        /// The HTTP pipeline has a request of which so many bytes are still to come.
        case passing(missing: Int)
        /// The HTTP pipeline has everything from here on.
        case left
        /// A lane's handlers have everything from here on, and deadlines of their own.
        case taken
        /// Nothing that comes is of interest any more.
        case closing
    }

    enum Action: Equatable {
        case nothing
        /// Give the HTTP pipeline everything from here on.
        case leave
        /// Close when what was written has gone.
        case finish
        case close
        /// Close, and tell the lane that nobody waits any more.
        case dropPeer
        /// Tell the lane to answer now.
        case tellNow
        /// Tell the lane that more may be sent.
        case tellWritable
        /// Look again at what is held.
        case goOn
        /// The event is for whoever is behind the front.
        case passOn
    }

    enum Arrival {
        case hold, passOn, drop
    }

    enum Step: Equatable {
        case stop
        /// Look at the request that the held bytes begin with.
        case look
        /// Give the HTTP pipeline so many bytes.
        case pass(Int)
    }
}

/// How long a peer may take.
struct FrontTimes {
    /// For a head, from its first byte.
    let head: TimeAmount
    /// Between an answer and the next request.
    let idle: TimeAmount
    /// To take any of what was written, before it counts as one that does not read.
    let stall: TimeAmount
    /// For the rest of a body that a lane takes. Then the route waits on, which knows what to say of it.
    let body = TimeAmount.seconds(1)

    init(_ limits: HTTPLimits) {
        head = TimeAmount(limits.headDeadline)
        idle = TimeAmount(limits.keepAlive)
        stall = TimeAmount(limits.writeStall)
    }
}
