// Everything that bounds what a peer can make this server hold, in one place.

/// Limits of the listener. Limits of single routes, such as the size of a change, stand with the routes.
package struct HTTPLimits: Sendable {
    /// Bytes of one header field, and of the request line. Room for a token of a few KiB in Authorization.
    package var headerFieldBytes = 16 * 1024
    /// Bytes of all header fields of a request together.
    package var headerBytes = 32 * 1024
    /// Header fields of a request. Browsers behind two proxies send around 40.
    package var headerFields = 100
    /// From the first byte of a request (or the opening of the connection) to the end of its header, however steadily it
    /// drips. A header of the largest size needs 0.3 s at 1 Mbit/s.
    package var headDeadline = Duration.seconds(10)
    /// From the end of the header to the end of the body. 8 MiB, the largest body of any route, need 30 s at 2.3 Mbit/s.
    package var bodyDeadline = Duration.seconds(30)
    /// How long a connection may stay open between an answer and the next request. Above the 60 s of common proxies, so that
    /// it is the proxy who closes and no request meets a closing connection.
    package var keepAlive = Duration.seconds(75)
    /// How long an answer may make no progress at all because the peer does not read. However slow, one that reads is let read.
    package var writeStall = Duration.seconds(30)
    /// How long bytes are still read and thrown away after the last answer of a connection, so that the peer gets to read it.
    package var linger = Duration.seconds(2)
    /// Bytes of a body that nobody asked for which are read and thrown away to keep a connection open.
    package var discardedBodyBytes = 64 * 1024
    /// Open connections; more wait in the kernel's queue. One that polls costs 5 KiB, one with an HTTP pipeline 28.
    package var connections = 10_000
    /// Open connections of one address; more are closed at once. Nil: as many as in all, since behind a proxy all have one address.
    package var connectionsPerAddress: Int?
    /// Requests after whose answer a connection is closed. Nil: no such number.
    package var requestsPerConnection: Int?
    /// Bytes of bodies that are being received or worked on at the same time, over all connections.
    package var bodiesInFlightBytes = 256 * 1024 * 1024
    /// The queue of connections that the kernel has accepted and we have not.
    package var backlog = 1024

    package init() {}
}
