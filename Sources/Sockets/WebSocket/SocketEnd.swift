// What a WebSocket leads to: whoever takes its messages. All calls come on the channel's event loop.

package protocol SocketEnd: AnyObject {
    /// The handshake is over.
    func opened(_ socket: SocketHandler)

    func received(_ message: SocketMessage)

    /// The peer, which did not, takes what is sent to it again.
    func drained()

    /// The last call. From now on what is sent goes nowhere.
    func closed()
}
