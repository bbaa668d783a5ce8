// Says that a worker is at work, for as long as it is: does what the rules of LeaseMachine.swift say, and tells who works what has come of it.

import Documents
import NIOHTTP1
import Synchronization

final class LeaseKeeper: Sendable {
    private struct Inner {
        var machine: LeaseMachine
        /// Kept when there is something new to decide about.
        var wake = Promise<Void>()
        /// Who waits for checkpoints, by their numbers.
        var waiting: [(number: Int, Promise<CisternError?>)] = []
        var isCancelRequested = false

        /// Those who wait for checkpoints up to that one.
        mutating func take(upTo number: Int?) -> [Promise<CisternError?>] {
            guard let number else { return [] }
            defer { waiting.removeAll { $0.number <= number } }
            return waiting.filter { $0.number <= number }.map(\.1)
        }
    }

    private let inner: Mutex<Inner>
    private let requests: WorkRequests
    /// Of the operation.
    private let path: String
    private let token: String
    /// Kept when there is no sense any more in working on.
    let interruption = Promise<Claim.Interruption>()

    /// - Parameter asked: when the claim was sent.
    init(_ item: WorkRequests.Item, asked: Duration, lease: Duration, requests: WorkRequests) {
        let claimed = requests.client.transport.clock.now()
        inner = Mutex(Inner(machine: LeaseMachine(length: lease, asked: asked, claimed: claimed)))
        self.requests = requests
        path = "/v1/apps/\(item.operation.application)/operations/\(item.operation.id)"
        token = item.token
    }

    private var now: Duration { requests.client.transport.clock.now() }
    var isCancelRequested: Bool { inner.withLock { $0.isCancelRequested } }
    var isLost: Bool { inner.withLock { $0.machine.phase == .lost } }

    // MARK: Heartbeats

    /// Goes on until the lease is over, in one way or another.
    func run() async {
        while true {
            let (step, wake) = inner.withLock { inner in
                inner.wake = Promise()
                return (inner.machine.step(at: now), inner.wake)
            }
            switch step {
            case .wait(let time): await pause(until: time, or: wake)
            case .say(let beat): await say(beat)
            case .over: return finished()
            }
        }
    }

    private func pause(until time: Duration, or wake: Promise<Void>) async {
        let clock = requests.client.transport.clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(time - clock.now()) }
            group.addTask { _ = await wake.value() }
            await group.next()
            group.cancelAll()
        }
    }

    private func say(_ beat: LeaseMachine.Heartbeat) async {
        let began = now
        let timeout = inner.withLock { $0.machine.timeout }
        let request = request(.POST, ":heartbeat", json: WorkRequests.heartbeat(beat))
        do throws(NoAnswer) {
            let answer = try await requests.once(request, expecting: [200], timeout: timeout)
            let isUnwanted = (try? AnswerReading.document(answer))?["cancel_requested"]?.boolValue ?? false
            heard(isCancelRequested: isUnwanted, saidAt: began)
        } catch {
            failed(error)
        }
    }

    private func heard(isCancelRequested: Bool, saidAt time: Duration) {
        let (kept, isNews) = inner.withLock { inner in
            let number = inner.machine.answered(saidAt: time)
            let isNews = isCancelRequested && !inner.isCancelRequested
            if isCancelRequested { inner.isCancelRequested = true }
            return (inner.take(upTo: number), isNews)
        }
        for promise in kept { promise.keep(nil) }
        if isNews { interruption.keep(.cancelRequested) }
    }

    private func failed(_ failure: NoAnswer) {
        let refused = inner.withLock { inner in
            if failure.meansLeaseLost {
                inner.machine.notThere()
            } else if failure.isPassing {
                inner.machine.failed(at: now, retryAfter: failure.retryAfter, chance: .random(in: 0...1))
            } else {
                return inner.take(upTo: inner.machine.refused(at: now))
            }
            return []
        }
        for promise in refused { promise.keep(failure.error) }
    }

    private func finished() {
        let (isLost, waiting) = inner.withLock { inner in
            defer { inner.waiting = [] }
            return (inner.machine.phase == .lost, inner.waiting)
        }
        if isLost { interruption.keep(.leaseLost) }
        for (_, promise) in waiting { promise.keep(Self.lost) }
    }

    /// What a worker is told whose lease has run out here, where no server was heard.
    private static let lost = CisternError.refused(
        Problem(
            slug: "lease-lost", title: "The lease is lost", status: 409, detail: "This lease has run out or was ended.",
            members: [:]))

    // MARK: What a worker says

    func report(_ progress: LongOperation.Progress) {
        change { $0.machine.report(progress) }
    }

    /// Returns when the server has it.
    func keep(_ checkpoint: JSONText) async throws(CisternError) {
        let promise = Promise<CisternError?>()
        let isHeld = change { inner in
            guard inner.machine.phase == .held else { return false }
            inner.waiting.append((inner.machine.keep(checkpoint), promise))
            return true
        }
        guard isHeld else { throw Self.lost }
        guard let error = await promise.value() else { throw .cancelled }
        if let error { throw error }
    }

    /// Leaves it to run out.
    func abandon() {
        change { $0.machine.isLost() }
    }

    private func change<Value: Sendable>(_ body: (inout Inner) -> Value) -> Value {
        let (value, wake) = inner.withLock { (body(&$0), $0.wake) }
        wake.keep(())
        return value
    }

    // MARK: The end

    /// Tells how it ended, as often as it takes: told again it is answered as the first time. Heartbeats go on meanwhile.
    ///
    /// - Returns: the answer, if it has one of these statuses.
    func end(
        _ method: HTTPMethod, _ suffix: String, type: String? = nil, body: [UInt8]? = nil, expecting statuses: Set<Int>
    ) async throws(CisternError) -> Answer {
        change { $0.machine.beginsEnding() }
        var request = request(method, suffix, json: nil)
        request.body = body
        if let type { request.headers.append(("Content-Type", type)) }
        var failures = 0
        while true {
            let failure: NoAnswer
            do throws(NoAnswer) {
                let answer = try await requests.once(request, expecting: statuses)
                change { $0.machine.ended() }
                return answer
            } catch {
                failure = error
            }
            failures += 1
            let left = inner.withLock { $0.machine.end } - now
            guard failure.isPassing, left > .zero else {
                change { failure.meansLeaseLost ? $0.machine.isLost() : $0.machine.resumes() }
                throw failure.error
            }
            let pause = Pause.after(failures: failures, retryAfter: failure.retryAfter)
            let chosen = pause.lowerBound + (pause.upperBound - pause.lowerBound) * .random(in: 0...1)
            // The last attempt comes before the end, if there is to be one.
            do { try await requests.client.transport.clock.sleep(min(chosen, left / 2)) } catch { throw .cancelled }
        }
    }

    private func request(_ method: HTTPMethod, _ suffix: String, json: [UInt8]?) -> Request {
        var request = Request(method: method, path: path + suffix, headers: [("Lease-Token", token)], body: json)
        if json != nil { request.headers.append(("Content-Type", "application/json")) }
        return request
    }
}
