// Every limit of webhooks, with its unit and its reason, and what holds where a request says nothing.

package enum WebhookLimits {
    // MARK: Subscriptions

    /// Of a store: every courier knows all of them, and each event is held against each.
    package static let webhooks = 500
    /// Bytes of a request.
    package static let requestBytes = 32 << 10
    package static let urlBytes = 2_048
    package static let patterns = 1...50
    package static let headers = 20
    /// Bytes of a field's value.
    package static let headerBytes = 1_024
    /// Deliveries a second to one endpoint, by each courier.
    package static let rates = 1...1_000
    /// Pauses between attempts, for those who want others.
    package static let pauses = 0...30
    /// Seconds: a delivery is not tried for longer than its payload is kept.
    package static let pauseSeconds = 1...86_400

    // MARK: Secrets

    /// Bytes (Standard Webhooks).
    package static let secretBytes = 24...64
    /// Of those that are made here.
    package static let ownSecretBytes = 32
    /// Seconds in which a secret that was replaced still signs; a day, a month at most.
    package static let usualGrace = 86_400
    package static let graces = 0...(30 * 86_400)
    /// That still sign, beside the present one: every signature is a line in each request.
    package static let oldSecrets = 10

    // MARK: Deliveries

    package static let connectTimeout: Duration = .seconds(5)
    /// Where the courier's setting says nothing.
    package static let attemptTimeout: Duration = .seconds(15)
    /// Bytes of an answer that are read, so that its connection may be used again.
    package static let answerBytes = 64 << 10
    /// After so many attempts it is told that a delivery is failing.
    package static let failingAttempts = 4
    /// After which time without any success a webhook is disabled.
    package static let failingTime: Duration = .seconds(120 * 60 * 60)
    /// Bytes of a patch that comes along with a version.
    package static let patchBytes = 16 << 10

    // MARK: Keeping

    /// Events and payloads.
    package static let keeping: Duration = .seconds(14 * 24 * 60 * 60)
    /// Deliveries and their attempts outlive their payloads, so that it can be said what is not there any more.
    package static let recordKeeping: Duration = .seconds(16 * 24 * 60 * 60)
    /// Deliveries that a partition keeps; the oldest go first.
    package static let deliveries = 20_000
    /// Attempts of a delivery that are told of, the last ones.
    package static let attemptRecords = 30
    /// Deliveries in one answer.
    package static let listed = 1...200
    package static let usuallyListed = 50

    // MARK: Work of one script

    /// Each of them does so much in a call, since nobody else gets a word in meanwhile.
    package static let eventsAtOnce = 100
    package static let applicationsAtOnce = 50
    package static let webhooksAtOnce = 600
    package static let droppedAtOnce = 100
    package static let scannedAtOnce = 1_000
}
