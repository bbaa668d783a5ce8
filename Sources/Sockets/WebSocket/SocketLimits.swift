// Everything that bounds what the peer of a socket can make this server hold, in one place.

package struct SocketLimits: Sendable {
    /// Bytes of a change, as in a push over HTTP.
    package var changeBytes = 1024 * 1024
    /// Bytes of a message beside its change: names, an id, a type and a version, with room for white space.
    package var envelopeBytes = 4 * 1024
    /// Bytes of what a client says about itself. It is sent on to everybody else, so it is no place for data.
    package var presenceBytes: Int
    /// How long such a word may be told to hold.
    package var presenceTime: Duration
    /// Pushes of one client that are under way. Then no more is read; what one read of the channel has brought is still taken.
    package var unansweredPushes = 64
    /// Bytes of incomplete messages, over all sockets together.
    package var incompleteBytes = 64 * 1024 * 1024
    /// How long a message may take to arrive, however steadily it comes. The largest needs 30 s at 0.3 Mbit/s.
    package var messageDeadline = Duration.seconds(30)
    /// How long the peer may say nothing before it is pinged: each socket a time between these, so that sockets which came together
    /// are not pinged together. Below the 30 to 60 s after which address translation and proxies forget a connection.
    package var silence = Duration.seconds(15)...Duration.seconds(20)
    /// How long the peer may take to answer a ping.
    package var pongDeadline = Duration.seconds(10)
    /// How long the peer may take to answer a close frame.
    package var closeDeadline = Duration.seconds(5)
    /// How long a peer may take nothing at all of what was written to it.
    package var writeStall = Duration.seconds(30)
    /// How long bytes are still read and thrown away after the last frame, so that the peer gets to read that.
    package var linger = Duration.seconds(2)
    /// From the upgrade request's first byte to the end of its header.
    package var handshakeDeadline = Duration.seconds(10)

    /// Bytes of one message, all its fragments together.
    package var messageBytes: Int { changeBytes + envelopeBytes }

    package init(presenceBytes: Int = 4 * 1024, presenceTime: Duration = .seconds(300)) {
        self.presenceBytes = presenceBytes
        self.presenceTime = presenceTime
    }
}
