import Documents
import SystemSupport
import TestSupport

/// A worker that claims operations of the round and does what workers do: most bring a result; some fail, give back, die without a word, or
/// sleep until their lease is over and then go on as if it were not.
struct Worker {
    let requests: Requests
    let history: History
    let servers: [DaemonProcess]
    let name: String
    let applications: [String]

    private var numbers: SeededNumbers

    private static let pauseBeforeRetry: Duration = .milliseconds(40)
    /// Milliseconds.
    private static let work = 0...120
    /// Seconds: as short as it may be.
    private static let lease = 1
    private static let oversleeping: Duration = .milliseconds(1_400)
    /// So often a word is repeated that got no answer.
    private static let attempts = 5
    /// Of 100 operations.
    private static let dies = 6
    private static let oversleeps = 6
    private static let fails = 8
    private static let givesBack = 8
    /// … and those of which the result is brought once more, answer or not.
    private static let again = 10

    init(
        _ requests: Requests, _ history: History, servers: [DaemonProcess], name: String, applications: [String],
        seed: UInt64
    ) {
        self.requests = requests
        self.history = history
        self.servers = servers
        self.name = name
        self.applications = applications
        numbers = SeededNumbers(seed: seed)
    }

    mutating func run(until end: Flag) async {
        while !end.isSet, !Task.isCancelled {
            let asked = history.end
            let answer = await requests.claim(
                applications, by: name, most: Int.random(in: 1...3, using: &numbers), lease: Self.lease,
                wait: Int.random(in: 0...1, using: &numbers), at: numbers.pick(servers))
            switch answer?.status {
            case 200:
                guard let items = answer?.member("items") else { continue }
                for item in items.elements {
                    guard let claim = Claim(item) else {
                        history.note(.strange("a claim was answered with \(item.text.prefix(200))"))
                        continue
                    }
                    note(claim, asked: asked, .claimed(claim.fence, attempt: claim.attempt))
                    await work(on: claim)
                }
            case 204: break
            case nil, 503: try? await Task.sleep(for: Self.pauseBeforeRetry)
            default: history.note(.strange("a claim was answered with \(answer?.refusal ?? "")"))
            }
        }
    }

    private mutating func work(on claim: Claim) async {
        if numbers.isLucky(Self.dies) { return }
        try? await Task.sleep(for: .milliseconds(Int.random(in: Self.work, using: &numbers)))
        let asked = history.end
        switch await word("heartbeat", of: claim, repeated: false)?.status {
        case 200: note(claim, asked: asked, .heard(claim.fence))
        // Whatever it is, it may go on: nobody but the server decides.
        default: break
        }
        if numbers.isLucky(Self.oversleeps) { try? await Task.sleep(for: Self.oversleeping) }
        if numbers.isLucky(Self.fails) {
            await word("fail", of: claim)
        } else if numbers.isLucky(Self.givesBack) {
            note(claim, asked: history.end, .returning(claim.fence))
            await word("lease", of: claim)
        } else {
            let asked = history.end
            let result = claim.operation.result(under: claim.token)
            for _ in 0...(numbers.isLucky(Self.again) ? 1 : 0) {
                switch await word("result", of: claim)?.status {
                case 201: note(claim, asked: asked, .done(claim.fence, result: result))
                // A repeat may be answered after somebody else has had the operation.
                case 200: note(claim, asked: 0, .done(claim.fence, result: result))
                case 409: note(claim, asked: asked, .refused(claim.fence, result: result))
                default: break
                }
            }
        }
    }

    private func note(_ claim: Claim, asked: Int, _ news: OperationNews.News) {
        history.note(.operation(OperationNews(operation: claim.operation, asked: asked, news: news)))
    }

    /// Says something under a lease, until it is answered.
    @discardableResult
    private mutating func word(_ verb: String, of claim: Claim, repeated: Bool = true) async -> Answer? {
        for _ in 0..<(repeated ? Self.attempts : 1) where !Task.isCancelled {
            if let answer = await requests.say(verb, claim, at: numbers.pick(servers)) {
                switch answer.status {
                case 200, 201, 204, 409: return answer
                case 503: break
                // Lost with Redis' tail.
                case 404, 410: return answer
                default:
                    history.note(.strange("\(verb) of \(claim.operation) was answered with \(answer.refusal)"))
                    return nil
                }
            }
            try? await Task.sleep(for: Self.pauseBeforeRetry)
        }
        return nil
    }
}

/// An operation in a worker's hands.
struct Claim: Sendable {
    let operation: OperationName
    let token: String
    /// The number that grows with each claim of the operation.
    let fence: Int
    let attempt: Int

    init?(_ item: Document) {
        guard let application = item["operation"]?["app"]?.stringValue, let id = item["operation"]?["id"]?.stringValue,
            let token = item["lease"]?["token"]?.stringValue,
            let fence = token.split(separator: "-").first.flatMap({ Int($0) }),
            let attempt = item["attempt"]?.integerValue
        else { return nil }
        operation = OperationName(application: application, id: id)
        self.token = token
        self.fence = fence
        self.attempt = attempt
    }
}
