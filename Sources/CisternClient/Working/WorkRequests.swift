// What a worker says to the server, one attempt each, and what the answers mean. Who asks decides about the next attempt.

import Documents
import NIOHTTP1

struct WorkRequests: Sendable {
    /// For one request, beside the time that it asks the server to wait; a result may have a megabyte.
    static let timeout: Duration = .seconds(10)

    let client: CisternClient

    /// - Returns: the answer, if it has one of these statuses.
    func once(
        _ request: Request, expecting statuses: Set<Int>, timeout: Duration = timeout
    ) async throws(NoAnswer) -> Answer {
        let answer: Answer
        do {
            answer = try await client.transport.once(request, to: client.pushURL, timeout: timeout + request.wait)
        } catch {
            throw NoAnswer(error: error)
        }
        guard statuses.contains(answer.status) else {
            throw NoAnswer(error: AnswerReading.failure(answer), retryAfter: answer.retryAfter ?? .zero)
        }
        return answer
    }

    /// What was claimed, before it is known when.
    struct Item: Sendable {
        let operation: LongOperation
        let input: JSONText
        let checkpoint: JSONText?
        let token: String
    }

    func claim(_ request: Request) async throws(NoAnswer) -> [Item] {
        let answer = try await once(request, expecting: [200, 204])
        do { return try Self.items(answer) } catch { throw NoAnswer(error: error) }
    }

    static func claim(_ options: Worker.Options, name: String, most: Int, wait: Duration) -> Request {
        var members: [(String, Document)] = [
            ("worker", .string(name)), ("kinds", .array(options.kinds.map { .string($0) })),
            ("max", .integer(most)), ("lease_s", .integer(Int(options.lease.components.seconds))),
            ("wait_s", .integer(Int(wait.components.seconds))),
        ]
        if let applications = options.applications {
            members.append(("apps", .array(applications.map { .string($0) })))
        }
        return Request(
            method: .POST, path: "/v1/operations:claim", headers: [("Content-Type", "application/json")],
            body: Document.object(members).encoded(), wait: wait)
    }

    /// - Returns: nothing if there was nothing to be claimed.
    private static func items(_ answer: Answer) throws(CisternError) -> [Item] {
        if answer.status == 204 { return [] }
        guard let list = try AnswerReading.document(answer)["items"], list.kind == .array else {
            throw AnswerReading.unexpected(answer, "it has no list of operations")
        }
        let items = list.elements.compactMap { Item($0) }
        guard items.count == list.count else {
            throw AnswerReading.unexpected(answer, "it does not describe what was claimed")
        }
        return items
    }

    static func heartbeat(_ beat: LeaseMachine.Heartbeat) -> [UInt8] {
        var members: [(String, Document)] = []
        if let progress = beat.progress { members.append(("progress", progress.document)) }
        if let checkpoint = beat.checkpoint.flatMap({ try? Document(parsing: $0.json.bytes) }) {
            members.append(("checkpoint", checkpoint))
        }
        return Document.object(members).encoded()
    }
}

extension WorkRequests.Item {
    fileprivate init?(_ document: Document) {
        guard let operation = document["operation"].flatMap({ LongOperation($0, tag: nil) }),
            let token = document["lease"]?["token"]?.stringValue
        else { return nil }
        self.operation = operation
        self.token = token
        input = JSONText(bytes: (document["input"] ?? .null).encoded())
        checkpoint = document["checkpoint"].flatMap { $0.isNull ? nil : JSONText(bytes: $0.encoded()) }
    }
}

/// Why an attempt brought no answer that was hoped for.
struct NoAnswer: Error, Sendable {
    let error: CisternError
    /// What the server asks for.
    var retryAfter: Duration = .zero

    /// Whether the same may be heard a little later.
    var isPassing: Bool {
        switch error {
        case .unreachable: true
        // A token that has expired is followed by another.
        case .refused(let problem): Transport.passingStatuses.contains(problem.status) || problem.status == 401
        case .unexpectedAnswer(_, let status, _): status >= 500
        case .invalidRequest, .cancelled: false
        }
    }

    var isCancelled: Bool { error == .cancelled }

    var isUnauthenticated: Bool {
        guard case .refused(let problem) = error else { return false }
        return problem.status == 401
    }

    /// Whether the server knows of no such lease any more.
    var meansLeaseLost: Bool {
        guard case .refused(let problem) = error else { return false }
        return ["lease-lost", "operation-gone", "unknown-operation"].contains(problem.slug)
    }
}
