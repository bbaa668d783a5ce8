import Documents
import SystemSupport
import TestSupport

/// A client that wants work done: it sends each wish until it is acknowledged, and again if it is forgotten, cancels some, and looks at any
/// server what becomes of them.
struct Wisher {
    let requests: Requests
    let history: History
    let servers: [DaemonProcess]
    let client: Int
    /// Redis may lose its tail, and with it what was acknowledged.
    let mayLose: Bool

    private var numbers: SeededNumbers
    private var number = 0
    /// Not over, as far as is known, and what is over.
    private var open: [String] = []
    private var old: [String] = []
    private var tags: [String: String] = [:]

    private static let pause = 20...120
    private static let pauseBeforeRetry: Duration = .milliseconds(40)
    /// So many are looked at before the next wish.
    private static let lookedAt = 3
    private static let mostOpen = 20
    /// One of so many is told in the state.
    private static let published = 3
    /// Of 100 wishes those that go to two servers at once, and after which an old one is sent again.
    private static let twice = 10
    private static let again = 10
    /// Of 100 looks those before which is cancelled, those that wait, and those at something that is over.
    private static let unwanted = 8
    private static let waiting = 15
    private static let back = 20

    init(_ requests: Requests, _ history: History, servers: [DaemonProcess], client: Int, mayLose: Bool, seed: UInt64) {
        self.requests = requests
        self.history = history
        self.servers = servers
        self.client = client
        self.mayLose = mayLose
        numbers = SeededNumbers(seed: seed)
    }

    /// Works until it is told to stop, and then until all that it wanted is over.
    ///
    /// - Returns: what was not over when its task was cancelled.
    mutating func run(until stop: Flag) async -> [String] {
        while !stop.isSet, !Task.isCancelled {
            if open.count < Self.mostOpen {
                number += 1
                // The state would grow without end if all of them were told in it.
                let id = "w\(client)-\(number)\(number.isMultiple(of: Self.published) ? "p" : "")"
                if await wish(id) { open.append(id) }
            }
            if !old.isEmpty, numbers.isLucky(Self.again) { _ = await wish(numbers.pick(old)) }
            for _ in 0..<Self.lookedAt where !open.isEmpty { await look(at: numbers.pick(open)) }
            if !old.isEmpty, numbers.isLucky(Self.back) { await look(at: numbers.pick(old)) }
            try? await Task.sleep(for: .milliseconds(Int.random(in: Self.pause, using: &numbers)))
        }
        while !open.isEmpty, !Task.isCancelled {
            for id in open { await look(at: id) }
            try? await Task.sleep(for: Self.pauseBeforeRetry)
        }
        return open
    }

    private func note(_ id: String, asked: Int, _ news: OperationNews.News) {
        history.note(.operation(OperationNews(operation: requests.operation(id), asked: asked, news: news)))
    }

    /// - Returns: whether the operation is there.
    private mutating func wish(_ id: String) async -> Bool {
        while !Task.isCancelled {
            let asked = history.end
            var answers = [await requests.wish(id, at: numbers.pick(servers))]
            if numbers.isLucky(Self.twice) {
                async let first = requests.wish(id, at: numbers.pick(servers))
                async let second = requests.wish(id, at: servers[0])
                answers += await [first, second]
            }
            var isThere = false
            for answer in answers.compactMap(\.self) {
                switch answer.status {
                case 200, 201:
                    isThere = true
                    note(id, asked: asked, .made(isNew: answer.status == 201))
                case 429, 503: break
                default:
                    history.note(.strange("the wish \(id) was answered with \(answer.refusal)"))
                    return false
                }
            }
            if isThere { return true }
            try? await Task.sleep(for: Self.pauseBeforeRetry)
        }
        return false
    }

    private mutating func look(at id: String) async {
        if open.contains(id), numbers.isLucky(Self.unwanted) { await cancel(id) }
        let server = Int.random(in: 0..<servers.count, using: &numbers)
        let asked = history.end
        let tag = numbers.isLucky(Self.waiting) ? tags[id] : nil
        guard let answer = await requests.look(at: id, having: tag, wait: tag.map { _ in 1 }, from: servers[server])
        else { return }
        switch answer.status {
        case 200:
            guard let standing = answer.member("status")?.stringValue.flatMap(OperationStanding.init(rawValue:)) else {
                return history.note(.strange("\(id) stands like this: \(answer.text.prefix(200))"))
            }
            note(id, asked: asked, .stands(standing))
            tags[id] = standing.isOver ? nil : answer["ETag"]
            guard standing.isOver else { return }
            if standing == .succeeded { await fetch(id) }
            if let index = open.firstIndex(of: id) {
                open.remove(at: index)
                old.append(id)
            }
        case 304:
            if tag == nil { history.note(.strange("304 to a look at \(id) without a tag")) }
        case 404, 410:
            note(id, asked: asked, .absent(server: server))
            if mayLose, open.contains(id) { _ = await wish(id) }
        case 503: break
        default: history.note(.strange("a look at \(id) was answered with \(answer.refusal)"))
        }
    }

    private mutating func fetch(_ id: String) async {
        let asked = history.end
        guard let answer = await requests.result(of: id, from: numbers.pick(servers)) else { return }
        switch answer.status {
        case 200: note(id, asked: asked, .fetched(answer.text))
        case 503: break
        // It may have been lost since it was seen.
        case 404, 409, 410: if !mayLose { fallthrough }
        default: history.note(.strange("the result of \(id) was answered with \(answer.refusal)"))
        }
    }

    private mutating func cancel(_ id: String) async {
        let asked = history.end
        guard let answer = await requests.cancel(id, at: numbers.pick(servers)) else { return }
        switch answer.status {
        case 202: note(id, asked: asked, .cancelled)
        case 200, 404, 410, 503: break
        default: history.note(.strange("to cancel \(id) was answered with \(answer.refusal)"))
        }
    }
}
