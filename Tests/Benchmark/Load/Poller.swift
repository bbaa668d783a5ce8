import NIOCore

/// One client that polls one application, on its loop.
final class Poller {
    private let connection: Connection
    private let path: String
    private let state: CountedState
    private var request: ByteBuffer
    /// When the polls that are not answered yet were due; the first is under way.
    private var due = CircularBuffer<UInt64>()
    private var number = -1
    /// Answers since the last one whose ETag was read.
    private var unread = 0
    private var etag = ""
    /// Told the moment at which an answered poll was due, and whether it brought something new.
    var answered: (_ due: UInt64, _ isNew: Bool) -> Void = { _, _ in }
    private(set) var failure: (any Error)?

    /// Reading a header costs more than all else here, so one answer of so many is looked at.
    private static let lookEvery = 64

    init(_ connection: Connection, path: String, state: CountedState) {
        self.connection = connection
        self.path = path
        self.state = state
        request = Request.get(path)
        connection.receive = { [self] in receive($0) }
        connection.ended = { [self] in failure = failure ?? $0 }
    }

    var isWaiting: Bool { !due.isEmpty }

    /// When the polls that are not answered were due.
    var waitingSince: [UInt64] { Array(due) }

    /// Polls, at once or when the answer to the poll before has come.
    func poll(due moment: UInt64) {
        due.append(moment)
        if due.count == 1 { connection.send(request) }
    }

    private func receive(_ answer: Answer) {
        guard let moment = due.popFirst() else { return fail("An answer came that nobody asked for.") }
        switch answer.status {
        case 304:
            unread += 1
            if unread >= Self.lookEvery {
                unread = 0
                if answer.etag != etag { fail("A 304 has the ETag \(answer.etag ?? "of nothing") instead of \(etag).") }
            }
            answered(moment, false)
        case 200:
            guard let found = state.number(in: answer.body), found >= number, let tag = answer.etag, tag != etag else {
                return fail("\(path) is answered with what it never was: \(answer.text.prefix(200))")
            }
            number = found
            etag = tag
            request = Request.get(path, ifNoneMatch: tag)
            answered(moment, true)
        default: return fail("\(path) is answered \(answer.status): \(answer.text.prefix(200))")
        }
        if !due.isEmpty { connection.send(request) }
    }

    private func fail(_ text: String) {
        failure = failure ?? Wrong(text)
        connection.close()
    }

    func close() { connection.close() }
}
