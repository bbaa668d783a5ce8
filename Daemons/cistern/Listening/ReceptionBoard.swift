// Where all connections come together: requests are looked at one after the other, and shown as they come.

import Documents
import NIOCore
import NIOHTTP1
import Synchronization

final class ReceptionBoard: Sendable {
    private let reception: Mutex<Reception>
    /// Deliveries that are still to come.
    private let left: Mutex<Int>
    private let form: ReceptionPrinting.Form
    private let delay: Duration
    /// Opens when the last one was answered.
    let isFull = Latch()

    /// - Parameter count: nil for as many as come.
    init(_ reception: Reception, form: ReceptionPrinting.Form, delay: Duration, count: Int?) {
        self.reception = Mutex(reception)
        left = Mutex(count ?? .max)
        self.form = form
        self.delay = delay
    }

    func answer(_ request: NIOHTTPServerRequestFull) async throws -> ListenerAnswer {
        let body = request.body.map { Array($0.readableBytesView) } ?? []
        let now = WallClock.now
        let outcome = reception.withLock { reception in
            let outcome = reception.take(
                method: request.head.method.rawValue, field: { request.head.headers.first(name: $0) }, body: body,
                now: Int64(now / 1_000))
            // Within the lock, so that what belongs to one stands together.
            show(outcome, at: RFC3339.string(milliseconds: now))
            return outcome
        }
        switch outcome {
        case .refused(let status, let reason): return ListenerAnswer(status: status, sentence: reason)
        case .delivered(let delivered):
            if delay > .zero { try await Task.sleep(for: delay) }
            return ListenerAnswer(status: delivered.status, whenSent: { self.count() })
        }
    }

    private func show(_ outcome: Reception.Outcome, at time: String) {
        let output = Terminal.output
        let width = max(40, (output.width ?? 200) / 2)
        for line in ReceptionPrinting.lines(outcome, at: time, as: form, width: width, paint: output.paint) {
            output.print(line)
        }
    }

    private func count() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { isFull.open() }
    }
}
