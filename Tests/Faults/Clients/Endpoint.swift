import AsyncHTTPClient
import Documents
import Receivers
import Synchronization
import SystemSupport
import TestSupport
import Webhooks

/// Where the webhook of a run is sent: it answers badly now and then as long as there are faults, and notes what comes.
struct Endpoint: Sendable {
    /// In which it has to answer; couriers are told so. What a courier that dies has in hand is sent after twice as long.
    static let timeout: Duration = .seconds(1)

    private let receiver = Receiver()
    private let secret = WebhookSecret.random()

    private static let id = "faults"
    private static let types = ["state.changed"] + [.succeeded, .failed, .cancelled, .dead].map(Self.type)
    /// In which daemons that have just started take a webhook in.
    private static let tolerance: Duration = .seconds(30)
    /// Of 100 requests those that are refused, not answered at all, late, and too late.
    private static let refuses = 8
    private static let hangsUp = 6
    private static let isLate = 8
    private static let isTooLate = 3
    private static let delay: Duration = .milliseconds(200)

    func start() async throws { try await receiver.start() }
    func stop() async { await receiver.stop() }

    /// Makes the webhook, for all applications of all rounds; it tries again after one second, as soon as the contract lets it, and in all
    /// rounds more often than that can fail.
    func subscribe(_ http: HTTPClient, at server: DaemonProcess) async throws {
        let pauses = repeatElement("1", count: WebhookLimits.pauses.upperBound).joined(separator: ",")
        let types = Self.types.map { "\"\($0)\"" }.joined(separator: ",")
        let body =
            #"{"url":"\#(receiver.url())","apps":["r*"],"event_types":[\#(types)],"retry":{"pauses_s":[\#(pauses)]},"secret":"\#(secret.text)"}"#
        try await eventually(within: Self.tolerance, "the webhook is made") {
            let answer = await Requests(http: http, application: "").send(
                "PUT", "/v1/webhooks/\(Self.id)", [("Content-Type", "application/json")], body, at: server)
            guard let answer, [200, 201].contains(answer.status) else { return false }
            return true
        }
    }

    /// - Parameters:
    ///   - applications: Of the round; what comes of others is from a round before.
    ///   - calm: From then on it answers well.
    ///   - follow: Is given each version of which it is told.
    func listen(
        for applications: Set<String>, in history: History, calm: Flag, seed: UInt64,
        follow: AsyncStream<(application: String, version: Token)>.Continuation
    ) {
        receiver.forget()
        let numbers = Mutex(SeededNumbers(seed: seed))
        receiver.behave { [secret] request, _ in
            let behaviour = calm.isSet ? .answer(204) : numbers.withLock { Self.behaviour(&$0) }
            guard let news = Self.news(request) else {
                history.note(
                    .strange("a webhook was sent \(String(decoding: request.body.prefix(200), as: UTF8.self))"))
                return behaviour
            }
            guard applications.contains(news.application) else { return behaviour }
            history.note(
                .told(
                    Told(
                        delivery: request["Webhook-Id"] ?? "", news: news, digest: request.body.hashValue,
                        isSigned: Self.isSigned(request, with: secret), isTaken: behaviour.takes)))
            if case .state(let application, let version) = news { follow.yield((application, version)) }
            return behaviour
        }
    }

    private static func type(_ end: OperationStanding) -> String { "operation.\(end.rawValue)" }

    private static func news(_ request: Received) -> Told.News? {
        guard let document = try? Document(parsing: request.body), let type = document["type"]?.stringValue,
            let data = document["data"], let application = data["app"]?.stringValue
        else { return nil }
        if type == "state.changed" {
            return Token(data["version"]?.stringValue).map { .state(application: application, version: $0) }
        }
        guard let id = data["id"]?.stringValue,
            let end = data["status"]?.stringValue.flatMap(OperationStanding.init(rawValue:)), type == Self.type(end)
        else { return nil }
        return .ended(OperationName(application: application, id: id), end)
    }

    private static func isSigned(_ request: Received, with secret: WebhookSecret) -> Bool {
        guard let id = request["Webhook-Id"], let time = request["Webhook-Timestamp"].flatMap({ Int64($0) }) else {
            return false
        }
        return request["Webhook-Signature"] == secret.signature(id: id, timestamp: time, body: request.body)
    }

    private static func behaviour(_ numbers: inout SeededNumbers) -> Behaviour {
        if numbers.isLucky(refuses) { return .answer(500) }
        if numbers.isLucky(hangsUp) { return .hangUp }
        if numbers.isLucky(isLate) { return .slow(204, after: delay) }
        // A courier that was stopped meanwhile finds the answer when it goes on: what did not count must not look as if it did.
        if numbers.isLucky(isTooLate) { return .slow(500, after: timeout * 2) }
        return .answer(204)
    }
}

extension Behaviour {
    /// Whoever is answered like this has delivered.
    fileprivate var takes: Bool {
        switch self {
        case .answer(let status, _): status < 300
        case .slow(let status, let time): status < 300 && time < Endpoint.timeout
        case .hang, .dripHead, .dripBody, .hangUp: false
        }
    }
}
