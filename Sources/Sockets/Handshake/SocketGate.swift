// Decides who gets a socket: a valid request, from a page that may, by somebody who may.

import Fold
package import HTTPService
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// A request that is granted.
package struct SocketGrant: Sendable {
    package let request: SocketRequest
    /// Who may poll; whether they may push, they are asked with each change.
    package let caller: Caller
}

package struct SocketGate: Sendable {
    private let admission: Admission
    private let origins: CrossOriginPolicy?

    /// - Parameter origins: Whose pages may open sockets, apart from those of the server itself.
    package init(admission: Admission, origins: CrossOriginPolicy?) {
        self.admission = admission
        self.origins = origins
    }

    /// Throws the problem to be answered.
    func grant(_ head: HTTPRequestHead) throws(Problem) -> SocketGrant {
        let request = try SocketRequest(head, origins: origins)
        let caller: Caller
        if let token = request.token {
            caller = try admission.caller(bearing: token)
        } else {
            caller = try admission.caller(HTTPFields(head.headers, splitCookie: false))
        }
        try caller.authorize(.poll, on: request.application)
        return SocketGrant(request: request, caller: caller)
    }
}
