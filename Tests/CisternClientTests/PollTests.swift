import CisternClient
import NIOHTTP1
import Testing

@Suite("Polling")
struct PollTests {
    @Test("A state comes with its version, its position, its bytes as sent and the time of the next poll")
    func state() async throws {
        try await StubServer.run([.state("e-7", #"{"n":1.00}"#, interval: 400)]) { url, server in
            let state = try await CisternClient(url: url, retry: quick).application("a").state()
            #expect(state.version.description == "e-7")
            #expect(state.position.number == 7)
            #expect(state.json == #"{"n":1.00}"#)
            #expect(state.next == .milliseconds(400))
            #expect(server.requests.map(\.uri) == ["/v1/apps/a/state"])
        }
    }

    @Test("at_least and fresh are part of the query, the wait of the header")
    func query() async throws {
        try await StubServer.run([.state("e-7")]) { url, server in
            _ = try await CisternClient(url: url, retry: quick).application("a")
                .state(atLeast: Position("e-5"), isFresh: true, wait: .seconds(90))
            #expect(server.requests.first?.uri == "/v1/apps/a/state?at_least=e-5&fresh=1")
            #expect(server.requests.first?.headers.first(name: "Prefer") == "wait=60")
        }
    }

    @Test("304 means unchanged, unknown-app means unknown, and the known version is sent along")
    func unchanged() async throws {
        try await StubServer.run([.unchanged, .problem(.notFound, "unknown-app")]) { url, server in
            let application = try CisternClient(url: url, retry: quick).application("a")
            #expect(
                try await application.poll(after: Version("e-7"))
                    == .unchanged(position: Position("e-9"), next: .milliseconds(10)))
            #expect(try await application.poll(after: nil) == .unknown)
            #expect(server.requests.map { $0.headers.first(name: "If-None-Match") } == ["\"e-7\"", nil])
        }
    }

    @Test("A state without a version is no state")
    func withoutVersion() async throws {
        try await StubServer.run([.answer(.ok, body: "{}")]) { url, _ in
            await #expect(throws: CisternError.self) {
                _ = try await CisternClient(url: url, retry: quick).application("a").state()
            }
        }
    }

    @Test("Applications are fetched page by page")
    func pages() async throws {
        func app(_ name: String) -> String {
            #"{"app":"\#(name)","epoch":"e","version":1,"position":2,"tail":3,"pending":1,"bytes":4,"checkpoint":0,"times":{"created":"then"}}"#
        }
        let steps: [Step] = [
            .answer(.ok, body: #"{"apps":[\#(app("a")),\#(app("b"))],"next":"b"}"#),
            .answer(.ok, body: #"{"apps":[\#(app("c"))]}"#),
        ]
        try await StubServer.run(steps) { url, server in
            var names: [String] = []
            for try await status in try CisternClient(url: url, retry: quick).applications(prefix: "ä b") {
                names.append(status.application)
                #expect(status.created == "then" && status.pushed == nil && status.pending == 1)
            }
            #expect(names == ["a", "b", "c"])
            #expect(
                server.requests.map(\.uri) == [
                    "/v1/apps?limit=1000&prefix=%C3%A4%20b", "/v1/apps?limit=1000&prefix=%C3%A4%20b&after=b",
                ])
        }
    }

    @Test("Pushes go to the bucket's URL and reads to the other")
    func split() async throws {
        try await StubServer.run([.pushed(.created)]) { pushURL, bucket in
            try await StubServer.run([.state("e-1")]) { url, poll in
                let application = try CisternClient(url: url, pushURL: pushURL, retry: quick).application("a")
                _ = try await application.push(.mergePatch("{}"))
                _ = try await application.state()
                #expect(bucket.requests.map(\.method) == [.PUT])
                #expect(poll.requests.map(\.method) == [.GET])
            }
        }
    }

    @Test("A server that is not ready says why")
    func readiness() async throws {
        let steps: [Step] = [
            .problem(.serviceUnavailable, "not-ready", members: #","checks":{"redis":{"ready":false}}"#),
            .answer(.ok, body: #"{"status":"ok","checks":{}}"#),
        ]
        try await StubServer.run(steps) { url, _ in
            let client = try CisternClient(url: url, retry: quick)
            let first = try await client.readiness()
            #expect(!first.isReady)
            #expect(first.json == #"{"redis":{"ready":false}}"#)
            #expect(try await client.readiness().isReady)
        }
    }
}
