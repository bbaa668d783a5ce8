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
    /// Why the caller may not push, if that is so.
    package let pushRefusal: Problem?
}

package struct SocketGate: Sendable {
    private let permission: any Permission
    private let origins: CrossOriginPolicy?

    /// - Parameter origins: Whose pages may open sockets, apart from those of the server itself.
    package init(permission: any Permission, origins: CrossOriginPolicy?) {
        self.permission = permission
        self.origins = origins
    }

    /// Fails with the problem to be answered.
    func grant(_ head: HTTPRequestHead, on eventLoop: any EventLoop) -> EventLoopFuture<SocketGrant> {
        let request: SocketRequest
        do { request = try SocketRequest(head, origins: origins) } catch { return eventLoop.makeFailedFuture(error) }
        guard !permission.everybodyMay else {
            return eventLoop.makeSucceededFuture(SocketGrant(request: request, pushRefusal: nil))
        }
        return eventLoop.makeFutureWithTask { try await ask(for: request, head) }
    }

    private func ask(for request: SocketRequest, _ head: HTTPRequestHead) async throws -> SocketGrant {
        let asked = try HTTPRequest(head, secure: false, splitCookie: false)
        _ = try await permission.authorize(.poll, on: request.application, request: asked)
        do throws(Problem) {
            _ = try await permission.authorize(.push, on: request.application, request: asked)
            return SocketGrant(request: request, pushRefusal: nil)
        } catch {
            return SocketGrant(request: request, pushRefusal: error)
        }
    }
}
