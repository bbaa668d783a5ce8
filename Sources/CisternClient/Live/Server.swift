// Requests of a live application, and the events that their answers are. One attempt each: the rules decide about the next.

import Documents
import Fold
import NIOCore
import NIOHTTP1

struct Server: Sendable {
    /// For one request, beside the time that it asks the server to wait.
    private static let requestTimeout: Duration = .seconds(10)
    /// For a push: a batch may have megabytes, and a client may have a slow uplink.
    private static let pushTimeout: Duration = .seconds(60)
    /// That a question for a position waits at the server.
    private static let settleWait: Duration = .seconds(5)
    /// That a question for an outcome waits at the server: it is asked when the change is folded already.
    private static let outcomeWait: Duration = .seconds(2)
    /// For the last word of a client that ends: whoever ends does not want to wait.
    private static let farewellTimeout: Duration = .seconds(1)

    let application: Application
    /// Under which this client is present.
    let name: String

    private var path: String { application.path }

    /// One attempt, at the server of pushes or at that of states.
    private func answer(
        _ request: Request, isPush: Bool = false, timeout: Duration = requestTimeout
    ) async throws(CisternError) -> Answer {
        let client = application.client
        return try await client.transport.once(
            request, to: isPush ? client.pushURL : client.url, timeout: timeout + request.wait)
    }

    private static func failing(_ answer: Answer) -> Failing {
        Failing(error: AnswerReading.failure(answer), retryAfter: answer.retryAfter ?? .zero)
    }

    // MARK: Pushing

    func push(_ changes: [OutgoingChange]) async -> Event {
        let request = Request(
            method: .PUT, path: path + "/changes", headers: [("Content-Type", "application/json")],
            body: BatchWriting.body(changes))
        do {
            let answer = try await answer(request, isPush: true, timeout: Self.pushTimeout)
            guard answer.status == 200 else { return .pushFailed(Self.failing(answer)) }
            return .pushed(try AnswerReading.acknowledgements(answer, count: changes.count))
        } catch {
            return .pushFailed(Failing(error: error))
        }
    }

    func outcome(of id: String) async -> Event {
        var request = Request(method: .GET, path: "\(path)/changes/\(id)")
        request.prefer(wait: Self.outcomeWait)
        do {
            let answer = try await answer(request, isPush: true)
            switch answer.status {
            case 200: break
            // Not remembered: folded, and nobody can say how.
            case 404, 410: return .outcome(id: id, .unknown)
            default: return .askFailed(id: id, Self.failing(answer))
            }
            switch try AnswerReading.acknowledgement(answer, isNew: nil).outcome {
            case .applied: return .outcome(id: id, .applied)
            case .rejected(let problem): return .outcome(id: id, .rejected(problem))
            case .dropped: return .outcome(id: id, .dropped)
            case .pending: return .askFailed(id: id, Failing())
            }
        } catch {
            return .askFailed(id: id, Failing(error: error))
        }
    }

    // MARK: States

    func poll(
        _ purpose: PollPurpose, have: VersionToken?, wait: Duration?, atLeast: PositionToken?
    ) async -> Event {
        var request = Request(
            method: .GET, path: path + "/state" + (atLeast.map { "?at_least=\($0)" } ?? ""),
            headers: [("A-IM", "merge-patch")])
        if let have { request.headers.append(("If-None-Match", "\"\(have)\"")) }
        request.prefer(wait: wait ?? (atLeast == nil ? nil : Self.settleWait))
        do {
            let answer = try await answer(request)
            let content: Told.Content
            switch answer.status {
            case 200: content = .state(try AnswerReading.document(answer))
            case 226:
                content = .patch(
                    try AnswerReading.document(answer), from: answer.header("Delta-Base").flatMap { VersionToken($0) })
            case 304: content = .unchanged(waited: answer.header("Preference-Applied") != nil)
            default:
                let failing = Self.failing(answer)
                guard failing.error?.slug == "unknown-app" else { return .pollFailed(purpose, failing) }
                content = .unknown
            }
            let told = Told(
                content: content, version: answer.header("ETag").flatMap { VersionToken($0) },
                position: answer.header("Cistern-Position").flatMap { PositionToken($0) },
                interval: AnswerReading.statedPollInterval(answer))
            return .told(told, purpose: purpose)
        } catch {
            return .pollFailed(purpose, Failing(error: error))
        }
    }

    /// Follows the events until they end or the task is cancelled.
    func events(have: VersionToken?, presence: Bool, _ dispatch: (Event) -> Void) async {
        var headers = [("Accept", "text/event-stream"), ("A-IM", "merge-patch")]
        if let have { headers.append(("Last-Event-ID", have.description)) }
        let request = Request(method: .GET, path: path + "/state" + (presence ? "?presence=1" : ""), headers: headers)
        var reader = EventReader(have: have)
        var isOpen = false
        do throws(CisternError) {
            let refusal = try await application.client.transport.stream(request, from: application.client.url) {
                piece throws(CisternError) in
                // Not before the first byte: a proxy that gathers what comes would have sent the head as well.
                if !isOpen { dispatch(.opened(.events)) }
                isOpen = true
                do throws(EventReader.Strange) {
                    for event in try reader.read(piece.readableBytesView) { dispatch(event) }
                } catch {
                    throw .unexpectedAnswer(url: application.client.url, status: 200, reason: error.description)
                }
            }
            dispatch(.closed(.events, refusal.map { Self.failing($0) } ?? Failing()))
        } catch {
            dispatch(.closed(.events, Failing(error: error)))
        }
    }

    // MARK: Presence

    func say(_ value: Document?, life: Duration?) async -> Event {
        let path = "\(path)/presence/\(name)"
        var request = Request(method: .DELETE, path: path)
        if let value, let life {
            request = Request(
                method: .PUT, path: "\(path)?ttl=\(life.components.seconds)",
                headers: [("Content-Type", "application/json")], body: value.encoded())
        }
        do {
            let answer = try await answer(
                request, timeout: value == nil ? Self.farewellTimeout : Self.requestTimeout)
            return (200..<300).contains(answer.status) ? .said : .sayFailed(Self.failing(answer))
        } catch {
            return .sayFailed(Failing(error: error))
        }
    }

    /// Nil if nothing has changed, or nobody answers: it is asked for again soon anyway.
    func whoIsHere(tag: String?) async -> Event? {
        let request = Request(
            method: .GET, path: path + "/presence", headers: tag.map { [("If-None-Match", $0)] } ?? [])
        guard let answer = try? await answer(request), answer.status == 200,
            let document = try? AnswerReading.document(answer)
        else { return nil }
        return .present(document.presentClients, tag: answer.header("ETag"))
    }
}

extension Document {
    /// The clients of `{"clients":{"<client>":{"value":…}}}`.
    var presentClients: [String: Document] {
        var clients: [String: Document] = [:]
        for (name, client) in self["clients"]?.members ?? Document.emptyObject.members {
            clients[name] = client["value"]
        }
        return clients
    }
}
