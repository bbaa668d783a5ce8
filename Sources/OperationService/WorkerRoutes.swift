// What workers do: claim operations, say that they are at work, and how it ended. Each word brings the token of its lease.

import ChangeLog
import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import OperationQueue
import Operations
import ServiceLifecycle

extension OperationRoutes {
    @Sendable func claim(_ call: Call) async throws -> Response {
        let document = try await call.json(upTo: OperationLimits.workBytes, "A claim")
        let request: ClaimRequest
        do { request = try ClaimRequest(document) } catch { throw Problem(error) }
        if let place = request.kinds.firstIndex(where: ReservedNames.contains) {
            throw Problem.reserved(at: "/kinds/\(place)")
        }
        if let applications = request.applications {
            for application in applications { try call.caller.authorize(.operate, on: application) }
        } else {
            try call.caller.authorize(.operate, on: nil)
        }
        var deadline = ContinuousClock.now
        if request.wait > .zero { deadline += Waiting.hurried(call.caller.time(upTo: request.wait)) }
        let (caller, end) = (call.caller, deadline)
        let claimed = try await call.whileConnected { [waiting] in
            try await waiting.claim(request, for: caller, until: end)
        }
        guard !claimed.isEmpty else { return Response(status: .noContent) }
        var items: [Document] = []
        for operation in claimed { items.append(try operation.item) }
        return .json(.object([("items", .array(items))]), headers: [.cacheControl: "no-store"])
    }

    @Sendable func heartbeat(_ call: Call, in application: ApplicationID) async throws -> Response {
        let name = try call.clientOperation(of: application)
        let token = try call.leaseToken
        let document = try await call.json(upTo: OperationLimits.heartbeatBytes, "A heartbeat")
        let heartbeat: Heartbeat
        do { heartbeat = try Heartbeat(document) } catch { throw Problem(error) }
        let answer: LeasedAnswer<HeartbeatAnswer>
        do { answer = try await queue.heartbeat(heartbeat, for: name, token: token) } catch { throw Problem(error) }
        let (beat, _) = try answer.value(name)
        return .json(
            .object([
                ("expires_at", .string(RFC3339.string(milliseconds: beat.leaseEnd))),
                ("cancel_requested", .bool(beat.isCancelRequested)),
                // The server is stopping: what is asked of it next belongs on another connection.
                ("drain", .bool(Task.isShuttingDownGracefully)),
            ]))
    }

    @Sendable func succeed(_ call: Call, in application: ApplicationID) async throws -> Response {
        let name = try call.clientOperation(of: application)
        let token = try call.leaseToken
        let mediaType = call.headers[.contentType] ?? "application/octet-stream"
        guard mediaType.utf8.count <= OperationLimits.mediaTypeBytes, ContentType(mediaType) != nil else {
            throw Problem.invalidParameter("Content-Type", "is no media type, or a very long one")
        }
        let limit = OperationLimits.resultBytes
        let body = try await call.body(
            upTo: limit, orThrow: Problem(.operationTooLarge, "A result has at most \(limit) bytes."))
        let answer: LeasedAnswer<LeaseEnding>
        do {
            answer = try await queue.succeed(
                name, token: token, mediaType: mediaType, result: Array(body.readableBytesView))
        } catch { throw Problem(error) }
        let (ending, isNew) = try answer.value(name)
        return ending.document.answer(isNew ? .created : .ok)
    }

    @Sendable func fail(_ call: Call, in application: ApplicationID) async throws -> Response {
        let name = try call.clientOperation(of: application)
        let token = try call.leaseToken
        let document = try await call.json(upTo: OperationLimits.workBytes, "A report")
        let report: FailureReport
        do { report = try FailureReport(document) } catch { throw Problem(error) }
        let answer: LeasedAnswer<LeaseEnding>
        do { answer = try await queue.fail(report, for: name, token: token) } catch { throw Problem(error) }
        let (ending, _) = try answer.value(name)
        var members: [(String, Document)] = [("status", .string(ending.document.status.rawValue))]
        if let next = ending.nextAttempt {
            members.append(("next_attempt_at", .string(RFC3339.string(milliseconds: next))))
        }
        return .json(.object(members))
    }

    @Sendable func giveBack(_ call: Call, in application: ApplicationID) async throws -> Response {
        let name = try call.clientOperation(of: application)
        let token = try call.leaseToken
        let answer: LeasedAnswer<LeaseEnding>
        do { answer = try await queue.giveBack(name, token: token) } catch { throw Problem(error) }
        _ = try answer.value(name)
        return Response(status: .noContent)
    }
}

extension Call {
    fileprivate var leaseToken: String {
        get throws(Problem) {
            guard let token = headers[.leaseToken], !token.isEmpty else {
                throw Problem(.invalidParameter, "The header field Lease-Token is missing.")
                    .with("parameter", "Lease-Token")
            }
            return token
        }
    }
}

extension LeasedAnswer {
    /// What was done, and whether it was done now.
    fileprivate func value(_ name: OperationName) throws(Problem) -> (Value, isNew: Bool) {
        switch self {
        case .done(let value): return (value, true)
        case .known(let value): return (value, false)
        case .leaseLost: throw .leaseLost
        case .gone: throw .gone(name)
        case .unknown: throw .unknown(name)
        }
    }
}

extension ClaimedOperation {
    /// As a claim answers it.
    fileprivate var item: Document {
        get throws {
            let left = checkpoint.isEmpty ? Document.null : try Document(parsing: checkpoint)
            return .object([
                ("operation", document.document), ("input", try Document(parsing: input)), ("checkpoint", left),
                ("attempt", .integer(document.attempt)),
                (
                    "lease",
                    .object([
                        ("token", .string(token)),
                        ("expires_at", .string(RFC3339.string(milliseconds: leaseEnd))),
                    ])
                ),
            ])
        }
    }
}
