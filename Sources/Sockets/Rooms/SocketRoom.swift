// What the sockets of one event loop talk to: whoever knows the states and takes the changes.

package import Fold
package import HTTPService

/// All calls come on the event loop, and what they answer is answered on it.
package protocol SocketRoom: AnyObject {
    /// A client has come. It has ``SocketClient/have``, and waits for the state or for what came since.
    func joined(_ client: SocketClient)

    /// A client's change, completely validated.
    ///
    /// - Parameter reply: To be called once with the change's position, or with why it has none; also after the client has left.
    func push(
        _ change: Change, from client: SocketClient,
        reply: @escaping (Result<PositionToken, Problem>) -> Void)

    /// What a client says about itself; throws why that is not passed on.
    func presence(_ presence: PresenceNote, from client: SocketClient) throws(Problem)

    /// A client that did not read what was sent to it has done so: it is owed the newest update.
    func drained(_ client: SocketClient)

    /// A client has gone. What is still sent to it goes nowhere.
    func left(_ client: SocketClient)
}
