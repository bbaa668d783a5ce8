// Lets requests in, on whichever way they come: finds the token, asks who believes it, remembers the answer.

import Fold
package import HTTPTypes
import NIOCore
import Synchronization

/// For the routes, from any thread.
package final class Admission: Sendable {
    package let permission: any Permission
    private let memory = Mutex(CallerMemory())
    private let lastTidied = Mutex(NIODeadline.now())

    private static let tidyTime = TimeAmount.seconds(10)

    package init(_ permission: any Permission) { self.permission = permission }

    package func caller(_ headers: HTTPFields) throws(Problem) -> Caller {
        if permission.everybodyMay { return .anonymous }
        guard let field = headers[.authorization] else { throw .tokenMissing }
        guard let token = BearerToken.token(in: field) else { throw .unknownScheme }
        return try caller(bearing: token)
    }

    package func caller(bearing token: [UInt8]) throws(Problem) -> Caller {
        if permission.everybodyMay { return .anonymous }
        let now = NIODeadline.now()
        tidy(now)
        if let known = memory.withLock({ $0.find(0..<token.count, in: token.span, at: now) }) { return known }
        let caller = try permission.caller(bearing: token)
        memory.withLock { $0.remember(0..<token.count, in: token.span, caller) }
        return caller
    }

    private func tidy(_ now: NIODeadline) {
        let isTime = lastTidied.withLock { last in
            guard now - last > Self.tidyTime else { return false }
            last = now
            return true
        }
        if isTime { memory.withLock { $0.tidy(now) } }
    }
}

/// For the lanes of one event loop.
struct LaneAdmission {
    /// Nil where everybody may: then nothing is looked at, not even the clock.
    private let permission: (any Permission)?
    private var memory = CallerMemory()

    init(_ permission: any Permission) { self.permission = permission.everybodyMay ? nil : permission }

    /// Who sends a request, if they may do what the lane does.
    mutating func admit(
        _ request: ScannedRequest, to lane: any ExpressLane, _ bytes: Span<UInt8>
    ) throws(Problem) -> Caller {
        guard let permission, let action = lane.action else { return .anonymous }
        let caller = try caller(request.authorization, in: bytes, believedBy: permission)
        // What is no application is left to the route.
        if let path = ApplicationPath(request.target, in: bytes),
            let application = try? ApplicationID(bytes.text(in: path.name))
        {
            try caller.authorize(action, on: application)
        }
        return caller
    }

    private mutating func caller(
        _ field: Range<Int>, in bytes: Span<UInt8>, believedBy permission: any Permission
    ) throws(Problem) -> Caller {
        guard !field.isEmpty else { throw .tokenMissing }
        guard let token = BearerToken.range(in: field, of: bytes) else { throw .unknownScheme }
        if let known = memory.find(token, in: bytes, at: .now()) { return known }
        let caller = try permission.caller(bearing: token.map { bytes[$0] })
        memory.remember(token, in: bytes, caller)
        return caller
    }

    mutating func tidy(_ now: NIODeadline) { memory.tidy(now) }
}

extension Problem {
    fileprivate static var unknownScheme: Problem {
        .invalidToken("The field Authorization is not of the form “Bearer” and a token.")
    }
}
