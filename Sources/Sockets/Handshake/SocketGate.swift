// Decides who gets a socket: a valid request, from a page that may, by somebody who may.

import Fold
package import HTTPService
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import RateLimits

/// A request that is granted.
package struct SocketGrant: Sendable {
    package let request: SocketRequest
    /// Who may poll; whether they may push, they are asked with each change.
    package let caller: Caller
    /// What the client does is taken from what it may.
    let rates: SocketRates?
}

/// What one client may, by whatever way it comes.
struct SocketRates: Sendable {
    let rates: RequestRates
    let client: RateKey
    let application: RateKey

    /// Takes one piece of work.
    func pay(for work: RatedWork) throws(Problem) { _ = try rates.pay(for: work, by: client, on: application) }
}

package struct SocketGate: Sendable {
    private let admission: Admission
    private let origins: CrossOriginPolicy?
    private let rates: RequestRates?

    /// - Parameters:
    ///   - origins: Whose pages may open sockets, apart from those of the server itself.
    ///   - rates: Of all requests of the server.
    package init(admission: Admission, origins: CrossOriginPolicy?, rates: RequestRates? = nil) {
        self.admission = admission
        self.origins = origins
        self.rates = rates
    }

    /// Throws the problem to be answered.
    ///
    /// - Parameter address: The peer's.
    func grant(_ head: HTTPRequestHead, from address: SocketAddress?) throws(Problem) -> SocketGrant {
        let request = try SocketRequest(head, origins: origins)
        let caller: Caller
        if let token = request.token {
            caller = try admission.caller(bearing: token)
        } else {
            caller = try admission.caller(HTTPFields(head.headers, splitCookie: false))
        }
        try caller.authorize(.poll, on: request.application)
        let own = rates.map { rates in
            SocketRates(
                rates: rates, client: caller.rateKey ?? PeerAddress(address).rateKey,
                application: RateKey(request.application))
        }
        try own?.pay(for: .poll)
        return SocketGrant(request: request, caller: caller, rates: own)
    }
}
