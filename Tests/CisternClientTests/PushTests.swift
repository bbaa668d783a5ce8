import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import CisternClient

/// Quick in what it repeats, and more patient than any machine is busy.
let quick = RetryPolicy(
    deadline: .seconds(600), attemptTimeout: .seconds(300), firstPause: .milliseconds(2),
    longestPause: .milliseconds(10))

/// Time goes on by sleeping only, which takes none.
final class SkippingClock: Sendable {
    private let time = Mutex(Duration.zero)

    var now: Duration { time.withLock { $0 } }
    var clock: RetryClock { RetryClock(now: { self.now }, sleep: { pause in self.time.withLock { $0 += pause } }) }
}

/// A client whose pauses take no time.
func client(_ url: String, _ policy: RetryPolicy, _ clock: SkippingClock) throws -> CisternClient {
    try CisternClient(
        url, nil, try Trust(tokens: nil, authorities: nil), policy,
        Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), clock: clock.clock)
}

@Suite("Pushing")
struct PushTests {
    private static let change = Change(id: "c1", .mergePatch, #"{"a":1.0}"#)

    @Test("A change goes out as a PUT of its bytes under its id")
    func request() async throws {
        try await StubServer.run([.pushed(.created, position: 57)]) { url, server in
            let application = try CisternClient(url: url + "/", retry: quick).application("board")
            let acknowledgement = try await application.push(Self.change)
            #expect(acknowledgement.isNew == true)
            #expect(acknowledgement.position.description == "e-57")
            #expect(acknowledgement.outcome == .pending)
            let request = try #require(server.requests.first)
            #expect(request.method == .PUT)
            #expect(request.uri == "/v1/apps/board/changes/c1")
            #expect(request.headers.first(name: "Content-Type") == "application/merge-patch+json")
            #expect(request.headers["If-Match"].isEmpty)
            #expect(request.headers["Prefer"].isEmpty)
            #expect(request.body == #"{"a":1.0}"#)
        }
    }

    @Test("A condition and a wait are said in the header")
    func conditions() async throws {
        try await StubServer.run([.pushed(.created, "applied"), .pushed(.created), .pushed(.created)]) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("board")
            let version = try #require(Version("e-3"))
            let applied = try await application.push(
                Change(id: "c1", .jsonPatch, "[]", if: .version(version)), wait: .milliseconds(1_500))
            #expect(applied.outcome == .applied)
            _ = try await application.push(Change(id: "c1", .jsonPatch, "[]", if: .exists))
            _ = try await application.push(Change(id: "c1", .cisternPatch, "[]", if: .isNew))
            let headers = server.requests.map(\.headers)
            #expect(headers.map { $0.first(name: "If-Match") } == ["\"e-3\"", "*", nil])
            #expect(headers.map { $0.first(name: "If-None-Match") } == [nil, nil, "*"])
            #expect(headers.map { $0.first(name: "Prefer") } == ["wait=2", nil, nil])
            #expect(headers.last?.first(name: "Content-Type") == "application/vnd.cistern.patch+json")
        }
    }

    @Test("After 503 and 429 the same PUT is sent again until it is accepted")
    func unavailable() async throws {
        let steps: [Step] = [
            .problem(.serviceUnavailable, "log-unavailable", retryAfter: 0), .problem(.tooManyRequests, "backlog-full"),
            .answer(.badGateway, body: "<html>"), .pushed(.created),
        ]
        try await StubServer.run(steps) { url, server in
            let acknowledgement = try await CisternClient(url: url, retry: quick).application("a").push(Self.change)
            #expect(acknowledgement.isNew == true)
            #expect(server.requests.count == 4)
            #expect(Set(server.requests.map(\.uri)) == ["/v1/apps/a/changes/c1"])
            #expect(Set(server.requests.map(\.body)) == [#"{"a":1.0}"#])
        }
    }

    @Test("What Retry-After asks for is waited for")
    func retryAfter() async throws {
        try await StubServer.run([.problem(.serviceUnavailable, "log-unavailable", retryAfter: 7), .pushed(.created)]) {
            url, _ in
            let clock = SkippingClock()
            _ = try await client(url, quick, clock).application("a").push(Self.change)
            #expect(clock.now >= .seconds(7) && clock.now < .seconds(8))
        }
    }

    @Test("A connection that breaks after the request makes the answer of the second attempt a repeat")
    func dropped() async throws {
        try await StubServer.run([.hangUp, .hangUp, .pushed(.ok, "applied")]) { url, server in
            let acknowledgement = try await CisternClient(url: url, retry: quick).application("a").push(Self.change)
            #expect(acknowledgement.isNew == false)
            #expect(acknowledgement.outcome == .applied)
            #expect(server.requests.count == 3)
        }
    }

    @Test("A refusal is not sent again, and its problem is handed over")
    func refused() async throws {
        try await StubServer.run([.problem(.conflict, "out-of-order", members: #","expected":7,"hint":"x\u0079""#)]) {
            url, server in
            let error = await #expect(throws: CisternError.self) {
                _ = try await CisternClient(url: url, retry: quick).application("a").push(Self.change)
            }
            guard case .refused(let problem) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(problem.slug == "out-of-order")
            #expect(problem.status == 409)
            #expect(problem.detail == "Because.")
            #expect(problem.members["expected"] == "7")
            #expect(problem.text("hint") == "xy")
            #expect(server.requests.count == 1)
        }
    }

    @Test("When the deadline has passed, the last refusal is the answer")
    func deadline() async throws {
        let steps = [Step](repeating: .problem(.serviceUnavailable, "log-unavailable", retryAfter: 100), count: 10)
        try await StubServer.run(steps) { url, server in
            let error = await #expect(throws: CisternError.self) {
                _ = try await client(url, quick, SkippingClock()).application("a").push(Self.change)
            }
            guard case .refused(let problem) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(problem.slug == "log-unavailable")
            // At 0, 100, … 500 s and a few milliseconds.
            #expect(server.requests.count == 6)
        }
    }

    @Test("Where nobody listens, that is the error")
    func nobody() async throws {
        let port = try DeafPort()
        let error = await #expect(throws: CisternError.self) {
            _ = try await CisternClient(url: port.url, retry: .once).application("a").push(Self.change)
        }
        guard case .unreachable(port.url, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("refused"))
    }

    @Test("An answer that is no answer of a Cistern server is an error that says so")
    func strangers() async throws {
        for step in [
            Step.answer(.notFound, body: "<html>"), .answer(.ok, body: "[]"), .answer(.found),
            .answer(.ok, body: #"{"id":"c1"}"#),
        ] {
            try await StubServer.run([step]) { url, _ in
                let error = await #expect(throws: CisternError.self) {
                    _ = try await CisternClient(url: url, retry: quick).application("a").push(Self.change)
                }
                guard case .unexpectedAnswer = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    @Test("A batch is one request with an acknowledgement for each change")
    func batch() async throws {
        let results = (1...2).map { number in
            #"{"app":"a","id":"c\#(number)","epoch":"e","position":\#(number),"receipt":"e-\#(number)","status":"pending","created":\#(number == 2)}"#
        }
        try await StubServer.run([.answer(.ok, body: "[\(results.joined(separator: ","))]")]) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("a")
            let version = try #require(Version("e-3"))
            let acknowledgements = try await application.push([
                Change(id: "c1", .mergePatch, #"{"n":1.00}"#, if: .version(version)),
                Change(id: "c2", .jsonPatch, "[ ]"),
            ])
            #expect(acknowledgements.map(\.isNew) == [false, true])
            #expect(acknowledgements.map(\.position.number) == [1, 2])
            let request = try #require(server.requests.first)
            #expect(request.uri == "/v1/apps/a/changes")
            #expect(
                request.body
                    == #"[{"change":{"n":1.00},"id":"c1","if_match":"\"e-3\"","type":"application/merge-patch+json"},{"change":[],"id":"c2","type":"application/json-patch+json"}]"#
            )
        }
    }

    @Test("A patch that is no JSON cannot spoil a batch")
    func badBatch() async throws {
        let application = try CisternClient(url: "http://127.0.0.1:1").application("a")
        let error = await #expect(throws: CisternError.self) {
            _ = try await application.push([Change(.mergePatch, #"{}},{"id":"#)])
        }
        guard case .invalidRequest = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A delete that was done by an attempt without answer is done")
    func delete() async throws {
        try await StubServer.run([.hangUp, .problem(.notFound, "unknown-app")]) { url, server in
            try await CisternClient(url: url, retry: quick).application("a").delete()
            #expect(server.requests.map(\.method) == [.DELETE, .DELETE])
        }
        try await StubServer.run([.problem(.notFound, "unknown-app")]) { url, _ in
            await #expect(throws: CisternError.self) {
                try await CisternClient(url: url, retry: quick).application("a").delete()
            }
        }
    }

    @Test("Cancelling a push ends its retries at once")
    func cancelled() async throws {
        let port = try DeafPort()
        let patient = RetryPolicy(deadline: .seconds(600), firstPause: .seconds(300), longestPause: .seconds(300))
        let push = Task { try await CisternClient(url: port.url, retry: patient).application("a").push(Self.change) }
        push.cancel()
        let result = await push.result
        #expect(throws: CisternError.cancelled) { try result.get() }
    }

    @Test("After shutdown a request fails, and without shutdown nothing leaks or crashes")
    func shutdown() async throws {
        try await StubServer.run([.pushed(.created), .pushed(.created)]) { url, _ in
            _ = try await CisternClient(url: url, retry: quick).application("a").push(Self.change)
            let client = try CisternClient(url: url, retry: quick)
            await client.shutdown()
            let error = await #expect(throws: CisternError.self) {
                _ = try await client.application("a").push(Self.change)
            }
            guard case .invalidRequest = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
