// Takes what each request costs from what its sender and its application may, on whichever way it comes. One object for all event loops
// of a process, so a client gets no more by having many connections; processes do not tell each other.

package import Fold
import HTTPTypes
import NIOCore
package import RateLimits
import Synchronization

package final class RequestRates: Sendable {
    private let pushes: Limits
    private let polls: Limits
    private let applications: ApplicationRate?
    private let pollPauseMilliseconds = Atomic<Int64>(0)

    /// The limits for one kind of work.
    private struct Limits: Sendable {
        let client: RateTable?
        let application: RateTable?
        let fields: RateFields

        init(_ client: RateLimit?, _ application: RateLimit?) {
            self.client = client.map(RateTable.init)
            self.application = application.map(RateTable.init)
            fields = RateFields(client: client, application: application)
        }

        var isEmpty: Bool { client == nil && application == nil }
    }

    /// For so long the refusal of who comes too often is held back: a loop that comes again at once then costs next to nothing, however
    /// fast it is, and others do not wait for it. Who heeds Retry-After, a second and more, does not notice.
    package static let refusalPause = Duration.milliseconds(250)

    /// Nil if nothing is limited, and so nothing to do.
    package init?(_ configuration: RateConfiguration) {
        guard !configuration.isEmpty else { return nil }
        pushes = Limits(configuration.clientPushes, configuration.applicationPushes)
        polls = Limits(configuration.clientPolls, configuration.applicationPolls)
        applications = configuration.newApplications.map(ApplicationRate.init)
    }

    /// What clients are told to leave between polls: whoever is refused is told to wait no less.
    package var pollPause: Duration {
        get { .milliseconds(pollPauseMilliseconds.load(ordering: .relaxed)) }
        set { pollPauseMilliseconds.store(newValue.wholeNanoseconds / 1_000_000, ordering: .relaxed) }
    }

    private func limits(_ work: RatedWork) -> Limits {
        switch work {
        case .push: pushes
        case .poll: polls
        }
    }

    // MARK: Paying

    /// What was paid for a request, and what its answer says about that.
    package struct Payment: Sendable {
        fileprivate var client: RateTable.Receipt?
        fileprivate var applications: [RateTable.Receipt] = []
        /// For the answer's head.
        package fileprivate(set) var fields: RateFields.Present?
    }

    /// Takes what a request about one application costs, all of it or nothing.
    ///
    /// - Parameter units: Changes, of a batch.
    /// - Returns: Nil if such work is not limited.
    package func pay(
        for work: RatedWork, units: Int = 1, by client: RateKey, on application: RateKey?
    ) throws(Problem) -> Payment? {
        let limits = limits(work)
        guard !limits.isEmpty || applications != nil && work == .push else { return nil }
        let now = NIODeadline.now().uptimeNanoseconds
        var payment = Payment()
        let own = limits.client?.take(units, for: client, at: now)
        let shared =
            own?.standing.isGranted ?? true
            ? application.flatMap { limits.application?.take(units, for: $0, at: now) } : nil
        payment.client = own?.receipt
        if let receipt = shared?.receipt { payment.applications = [receipt] }
        let present = limits.fields.present(client: own?.standing, application: shared?.standing)
        do throws(Problem) {
            try refuse(work, own?.standing, shared?.standing, present)
            if work == .push, let application { try applications?.begin(application, by: client, at: now) }
        } catch {
            giveBack(payment, of: work)
            throw error
        }
        payment.fields = present
        return payment
    }

    /// The same for a poll of many applications: one unit of each of them, and as many of the client's.
    package func pay(forPollsOf applications: [ApplicationID], by client: RateKey) throws(Problem) -> Payment? {
        guard !polls.isEmpty else { return nil }
        let now = NIODeadline.now().uptimeNanoseconds
        var payment = Payment()
        let own = polls.client?.take(applications.count, for: client, at: now)
        payment.client = own?.receipt
        payment.fields = polls.fields.present(client: own?.standing, application: nil)
        do throws(Problem) {
            try refuse(.poll, own?.standing, nil, payment.fields)
            for application in applications {
                guard let shared = polls.application?.take(1, for: RateKey(application), at: now) else { break }
                if let receipt = shared.receipt { payment.applications.append(receipt) }
                let present = polls.fields.present(client: own?.standing, application: shared.standing)
                try refuse(.poll, own?.standing, shared.standing, present)
            }
        } catch {
            giveBack(payment, of: .poll)
            throw error
        }
        return payment
    }

    /// For a request that somebody else will charge for.
    package func giveBack(_ payment: Payment, of work: RatedWork) {
        let limits = limits(work)
        if let receipt = payment.client { limits.client?.giveBack(receipt) }
        for receipt in payment.applications { limits.application?.giveBack(receipt) }
    }

    // MARK: Refusing

    private func refuse(
        _ work: RatedWork, _ client: Standing?, _ application: Standing?, _ present: RateFields.Present?
    ) throws(Problem) {
        for (policy, standing) in [(RatePolicy.client, client), (.application, application)] {
            guard let standing, !standing.isGranted else { continue }
            var wait = Duration.nanoseconds(Int64(clamping: standing.wait))
            if work == .poll { wait = max(wait, pollPause) }
            var problem = Problem.rateLimited(policy, work, after: wait)
            if let present { problem.headers.append(contentsOf: present.fields) }
            throw problem
        }
    }
}

extension RateKey {
    /// The same for the bytes of the id in a path.
    package init(_ application: ApplicationID) { self.init(Array("\(application)".utf8).span) }
}
