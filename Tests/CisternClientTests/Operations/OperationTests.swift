import CisternClient
import NIOHTTP1
import TestSupport
import Testing

/// As a server tells it.
func operationText(_ status: String = "queued", id: String = "e1", more: String = "") -> String {
    #"{"app":"a","id":"\#(id)","kind":"export","status":"\#(status)","done":false,"attempt":1,"attempts":3,"priority":5,"cancel_requested":false,"created_at":"then","updated_at":"now"\#(more)}"#
}

@Suite("Long-running operations")
struct OperationTests {
    private static func told(_ status: String, tag: String, more: String = "") -> Step {
        .answer(.ok, headers: [("ETag", "\"\(tag)\"")], body: operationText(status, more: more))
    }

    @Test("What is wanted goes out under one id, as often as it takes, and beyond an error, too")
    func onceOnly() async throws {
        let steps: [Step] = [
            .hangUp, .problem(.serviceUnavailable, "log-unavailable"), .answer(.created, body: operationText()),
            .problem(.badRequest, "malformed-json"), .answer(.ok, body: operationText("running")),
        ]
        try await StubServer.run(steps) { url, server in
            let application = try CisternClient(url: "http://127.0.0.1:1", pushURL: url, retry: quick).application("a")
            let wanted = NewOperation(
                "export", #"{"rows":[1.0]}"#, attempts: 2, priority: 9, deadlines: .init(total: .seconds(60)),
                publish: "/jobs/export")
            #expect(try await application.start(wanted).status == .queued)
            await #expect(throws: CisternError.self) { _ = try await application.start(wanted) }
            #expect(try await application.start(wanted).status == .running)
            let seen = server.requests
            #expect(seen.count == 5 && Set(seen.map(\.uri)) == ["/v1/apps/a/operations/\(wanted.id)"])
            #expect(
                Set(seen.map(\.body)) == [
                    #"{"attempts":2,"deadlines":{"total_s":60},"input":{"rows":[1.0]},"kind":"export","priority":9,"publish":"/jobs/export"}"#
                ])
            #expect(
                seen.allSatisfy { $0.method == .PUT && $0.headers.first(name: "Content-Type") == "application/json" })
            #expect(NewOperation("export").id != NewOperation("export").id)
        }
    }

    @Test("What cannot be sent as it is is said before it is sent")
    func strange() async throws {
        let application = try CisternClient(url: "http://127.0.0.1:1", retry: .once).application("a")
        for wanted in [NewOperation("export", "{"), NewOperation("export", id: "-")] {
            await #expect {
                _ = try await application.start(wanted)
            } throws: { error in
                guard case CisternError.invalidRequest = error else { return false }
                return true
            }
        }
    }

    @Test("News comes by questions that wait for another tag, until it is over")
    func news() async throws {
        let waited = Step.answer(.notModified, headers: [("Preference-Applied", "wait=50"), ("Retry-After", "60")])
        let steps: [Step] = [
            Self.told("queued", tag: "1"), waited, .hangUp,
            Self.told("running", tag: "2", more: #","progress":{"percent":12.5,"message":"On it"}"#),
            Self.told("succeeded", tag: "3", more: #","result":{"href":"/r","media_type":"text/csv","digest":"d"}"#),
        ]
        try await StubServer.run(steps) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("a")
            var all: [LongOperation] = []
            for try await operation in application.news(of: "e1") { all.append(operation) }
            #expect(all.map(\.status) == [.queued, .running, .succeeded])
            #expect(all[1].progress == .init(percent: 12.5, message: "On it"))
            #expect(all[2].mediaType == "text/csv")
            let seen = server.requests
            #expect(Set(seen.map(\.uri)) == ["/v1/apps/a/operations/e1?redirect=never"])
            #expect(
                seen.map { $0.headers.first(name: "If-None-Match") } == [nil, "\"1\"", "\"1\"", "\"1\"", "\"2\""])
            #expect(seen.dropFirst().allSatisfy { $0.headers.first(name: "Prefer") == "wait=50" })
        }
    }

    @Test("A server that does not wait is asked again when it says, not at once")
    func withoutWait() async throws {
        let unwaited = Step.answer(.notModified, headers: [("Retry-After", "7")])
        let plain = Step.answer(.notModified)
        let steps = [Self.told("queued", tag: "1"), unwaited, plain, Self.told("dead", tag: "2")]
        try await StubServer.run(steps) { url, _ in
            let clock = SkippingClock()
            var count = 0
            for try await _ in try client(url, quick, clock).application("a").news(of: "e1") { count += 1 }
            #expect(count == 2 && clock.now == .seconds(8))
        }
    }

    @Test("A result comes as its worker sent it; why there is none is said")
    func result() async throws {
        let steps: [Step] = [
            .answer(.ok, headers: [("Content-Type", "text/csv")], body: "a,b\n"),
            .problem(.notFound, "result-not-ready", retryAfter: 1),
        ]
        try await StubServer.run(steps) { url, _ in
            let application = try CisternClient(url: url, retry: quick).application("a")
            #expect(
                try await application.result(of: "e1")
                    == OperationResult(bytes: Array("a,b\n".utf8), mediaType: "text/csv"))
            await #expect {
                _ = try await application.result(of: "e1")
            } throws: { error in
                guard case CisternError.refused(let problem) = error else { return false }
                return problem.slug == "result-not-ready"
            }
        }
    }

    @Test("Cancelling, deleting and trying again, each once more if the answer was lost")
    func endings() async throws {
        let steps: [Step] = [
            .hangUp, .answer(.accepted, body: operationText("cancelling")), .answer(.noContent),
            .answer(.accepted, body: operationText("cancelling")), .hangUp, .problem(.conflict, "operation-not-dead"),
            Self.told("queued", tag: "1"), .problem(.conflict, "operation-not-dead"),
        ]
        try await StubServer.run(steps) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("a")
            #expect(try await application.cancelOperation("e1").status == .cancelling)
            #expect(try await application.deleteOperation("e1") == nil)
            #expect(try await application.deleteOperation("e1")?.status == .cancelling)
            #expect(try await application.retryOperation("e1").status == .queued)
            await #expect(throws: CisternError.self) { _ = try await application.retryOperation("e1") }
            #expect(
                server.requests.map { "\($0.method) \($0.uri.dropFirst("/v1/apps/a/operations/".count))" } == [
                    "POST e1:cancel", "POST e1:cancel", "DELETE e1", "DELETE e1", "POST e1:retry", "POST e1:retry",
                    "GET e1?redirect=never", "POST e1:retry",
                ])
        }
    }

    @Test("A list is fetched page by page, as the links say, and from nowhere else")
    func list() async throws {
        func page(_ ids: [String], next: String?) -> Step {
            .answer(
                .ok, headers: next.map { [("Link", #"<\#($0)>; rel="next""#)] } ?? [],
                body: #"{"operations":[\#(ids.map { operationText(id: $0) }.joined(separator: ","))]}"#)
        }
        let more = "/v1/apps/a/operations?status=dead&after=x"
        let steps = [page(["a", "b"], next: more), page(["c"], next: nil), page([], next: "https://elsewhere.test/")]
        try await StubServer.run(steps) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("a")
            var ids: [String] = []
            for try await operation in application.operations(status: .dead, kind: "a~b") { ids.append(operation.id) }
            #expect(ids == ["a", "b", "c"])
            #expect(server.requests.map(\.uri) == ["/v1/apps/a/operations?status=dead&kind=a~b", more])
            await #expect {
                for try await _ in application.operations() {}
            } throws: { error in
                guard case CisternError.unexpectedAnswer = error else { return false }
                return true
            }
        }
    }
}
