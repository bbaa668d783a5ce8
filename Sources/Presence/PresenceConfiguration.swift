// Every limit of presence, with its unit and its reason.

package struct PresenceConfiguration: Sendable {
    /// Bytes of one client's document as it is sent: a name, a cursor, a selection. What is larger belongs into the state.
    package var documentBytes: Int
    /// Clients of one application that are here at a time. With the largest documents their answer has 4 MiB, as a state may.
    package var clients: Int
    /// Applications that one server follows at a time; each costs a channel in Redis and some KiB.
    package var applications = 10_000
    /// Bytes of all clients of all applications on one server: 150,000 clients with documents of 200 bytes.
    package var bytes: Int
    /// Requests that may wait at the same time.
    package var waitingClients: Int

    /// How long a client stays that does not say for how long: it may miss two of the renewals that are due at a third of it.
    package static let usualLife: Duration = .seconds(30)
    /// Seconds that a client may ask for. Less than one would be gone between two renewals over a slow line; who is not heard of for
    /// five minutes is not here.
    package static let lives = 1...300

    /// Between two notices of one application to those who wait and observe, so that 50 moving cursors do not make 50 notices for
    /// each of them. Three frames of a screen: movement still looks like movement.
    var noticeInterval: Duration = .milliseconds(50)
    /// Between two messages of one server about one application. What happens meanwhile goes together.
    var spreadInterval: Duration = .milliseconds(25)
    /// Before the next attempt when Redis has not taken a message.
    var retryInterval: Duration = .milliseconds(250)
    /// The longest that a server waits before it answers a question, so that it need not repeat what another one has just said.
    var answerJitter: Duration = .milliseconds(50)
    /// How long after its question a server counts on answers: the jitter, and as much for the way.
    var answerTime: Duration = .milliseconds(100)
    /// The longest that a request waits for what other servers know, counted from when this one began to follow. With Redis away it
    /// is answered from what is here.
    var settlingTime: Duration = .milliseconds(300)
    /// Without a request for this long, and without clients of its own, a server does not follow an application any more.
    var idleTime: Duration = .seconds(60)

    package init(
        documentBytes: Int = 4 << 10, clients: Int = 1_000, bytes: Int = 64 << 20, waitingClients: Int = 100_000
    ) {
        self.documentBytes = documentBytes
        self.clients = clients
        self.bytes = bytes
        self.waitingClients = waitingClients
    }
}
