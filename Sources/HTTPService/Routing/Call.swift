// One request on its way through a handler.

import Documents
package import Fold
package import HTTPTypes
package import Hummingbird
package import Logging
package import NIOCore
import RateLimits
import Synchronization

/// What Hummingbird carries along with a request.
package struct HTTPContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// A request, who sent it and what it is about.
package struct Call: Sendable {
    package let request: Request
    package let context: HTTPContext
    /// The application in the path, checked; nil for routes that have none.
    package private(set) var application: ApplicationID?
    package private(set) var caller: Caller = .anonymous
    let services: RequestServices
    let lease: BodyLease
    private let bill = Bill()

    init(request: Request, context: HTTPContext, services: RequestServices) {
        self.request = request
        self.context = context
        self.services = services
        lease = BodyLease(services.bodies)
    }

    package var headers: HTTPFields { request.headers }
    /// Carries the request's id.
    package var logger: Logger { context.logger }
    package var query: Query { Query(request.uri.query) }
    /// Of the request's connection.
    package var eventLoop: any EventLoop { context.channel.eventLoop }

    /// A captured segment of the path, percent-decoded once.
    ///
    /// Throws ``ProblemKind/notFound`` if it does not decode: no resource has such a name.
    package func parameter(_ name: String) throws(Problem) -> String {
        guard let raw = context.parameters.get(name), let text = PercentDecoding.decode(raw) else {
            throw Problem(.notFound, "The path has “%” without two hexadecimal digits, or bytes that are not UTF-8.")
        }
        return text
    }

    /// The change in the path.
    package func changeID(_ name: String = "change") throws(Problem) -> ChangeID {
        do { return try ChangeID(try parameter(name)) } catch let problem as Problem { throw problem } catch {
            throw Problem(.invalidID, "\(error)")
        }
    }

    mutating func readApplication() throws(Problem) {
        guard context.parameters.get("app") != nil else { return }
        do { application = try ApplicationID(try parameter("app")) } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.invalidID, "\(error)")
        }
    }

    /// Finds out who sends it, whether they may, and whether they come too often.
    mutating func admit(_ route: Routes.Route) throws(Problem) {
        guard route.action != .open else { return }
        caller = try services.admission.caller(request.headers)
        switch route.subject {
        case .path:
            try caller.authorize(route.action, on: application)
            if let work = route.work { try pay(for: work) }
        case .askedByHandler: break
        }
    }

    // MARK: Rates

    /// What was paid.
    private final class Bill: Sendable {
        let payment = Mutex<(RatedWork, RequestRates.Payment)?>(nil)
    }

    /// What the answer's head says about that.
    var rateFields: HTTPFields { HTTPFields(bill.payment.withLock { $0?.1.fields }) }

    /// Takes what the request costs, in place of what was taken before.
    ///
    /// - Parameter units: Changes, of a batch.
    package func pay(for work: RatedWork, units: Int = 1) throws(Problem) {
        guard let rates = services.rates else { return }
        takeBack(rates)
        note(try rates.pay(for: work, units: units, by: client, on: application.map { RateKey($0) }), for: work)
    }

    /// The same for a poll of many applications.
    package func pay(forPollsOf applications: [ApplicationID]) throws(Problem) {
        guard let rates = services.rates else { return }
        takeBack(rates)
        note(try rates.pay(forPollsOf: applications, by: client), for: .poll)
    }

    private var client: RateKey { caller.rateKey ?? PeerAddress(context.channel.remoteAddress).rateKey }

    private func takeBack(_ rates: RequestRates) {
        let paid = bill.payment.withLock { payment in
            defer { payment = nil }
            return payment
        }
        if let paid { rates.giveBack(paid.1, of: paid.0) }
    }

    private func note(_ payment: RequestRates.Payment?, for work: RatedWork) {
        bill.payment.withLock { $0 = payment.map { (work, $0) } }
    }
}
