import NIOCore

/// One application to which is pushed on one connection and which is polled on another, as long as something that was pushed does not
/// show: at once when a push is answered, then every millisecond. So what is measured is not the interval of the polls.
final class WatchedApplication {
    private let name: String
    private let pushes: Connection
    private let polls: Connection
    private let state: CountedState
    private var etag: String
    private var visible = 0
    private var sent = 0
    /// When the pushes that are not answered yet were due; the first is under way.
    private var due = CircularBuffer<UInt64>()
    /// Answered and not seen yet.
    private var unseen = CircularBuffer<(number: Int, answered: UInt64)>()
    private var isPolling = false
    private var isCounting = false
    private(set) var result = Watching.Result()
    private(set) var failure: (any Error)?

    init(_ name: String, pushes: Connection, polls: Connection, state: CountedState, etag: String) {
        self.name = name
        self.pushes = pushes
        self.polls = polls
        self.state = state
        self.etag = etag
        pushes.receive = { [self] in pushed($0) }
        polls.receive = { [self] in polled($0) }
        for connection in [pushes, polls] { connection.ended = { [self] in failure = failure ?? $0 } }
    }

    var isIdle: Bool { due.isEmpty && unseen.isEmpty }

    func count() {
        isCounting = true
        result = Watching.Result()
    }

    func push(due moment: UInt64) {
        due.append(moment)
        if due.count == 1 { sendPush() }
    }

    private func sendPush() {
        sent += 1
        pushes.send(
            Request.put(
                Request.change("n\(sent)", of: name), type: Request.mergePatch, CountedState.patch(sent)))
    }

    private func pushed(_ answer: Answer) {
        guard answer.status == 201, let moment = due.popFirst() else {
            return fail("A push was answered \(answer.status): \(answer.text)")
        }
        let now = NIODeadline.now().uptimeNanoseconds
        if isCounting { result.answers.append(microseconds(since: moment, until: now)) }
        let number = sent
        if !due.isEmpty { sendPush() }
        if visible >= number {
            if isCounting { result.latencies.append(0) }
        } else {
            unseen.append((number, now))
            look()
        }
    }

    /// Polls if something is to be seen.
    func look() {
        guard !isPolling, !unseen.isEmpty else { return }
        isPolling = true
        polls.send(Request.get(Request.state(of: name), ifNoneMatch: etag))
    }

    private func polled(_ answer: Answer) {
        isPolling = false
        if answer.status == 304 { return }
        guard answer.status == 200, let number = state.number(in: answer.body), number >= visible, let tag = answer.etag
        else { return fail("\(name) is answered \(answer.status): \(answer.text.prefix(200))") }
        visible = number
        etag = tag
        let now = NIODeadline.now().uptimeNanoseconds
        while let first = unseen.first, first.number <= number {
            unseen.removeFirst()
            if isCounting { result.latencies.append(microseconds(since: first.answered, until: now)) }
        }
    }

    private func fail(_ text: String) {
        failure = failure ?? Wrong(text)
    }

    func close() {
        pushes.close()
        polls.close()
    }
}
