// The Swift client against real servers: every way, every fault that a test can make.

import CisternClient
import SystemSupport
import TestSupport
import Testing

@Suite("The Swift client and real servers", .timeLimit(.minutes(20)))
struct ClientTests {
    private func open(
        _ url: String, _ id: String = "board", push: String? = nil, storage: any Storage = MemoryStorage(),
        ways: [Way] = Way.allCases, name: String? = nil
    ) throws -> LiveApplication {
        try CisternClient(url: url, pushURL: push).open(id, storage: storage, ways: ways, name: name)
    }

    private func increment(_ text: String = "1") -> Edit {
        .operations(JSONText(#"[{"op":"increment","path":"/n","value":\#(text)}]"#))
    }

    /// Waits until the application shows this.
    private func shows(_ application: LiveApplication, _ json: String, pending: Int = 0) async throws {
        do {
            try await eventually(within: .seconds(20), "\(json) shows") {
                application.state?.json?.description == json && application.status.pendingCount == pending
            }
        } catch {
            let state = application.state?.json?.description ?? "nothing"
            throw TestSupportError("\(error) There was \(state): \(application.status)")
        }
    }

    @Test("Two clients edit and agree, by every way", arguments: Way.allCases)
    func agree(_ way: Way) async throws {
        try await withCistern { system in
            let (a, b) = (try open(system.poller.url, ways: [way]), try open(system.poller.url, ways: [way]))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...5 {
                    group.addTask { try await a.push(.merge(JSONText(#"{"a\#(number)":\#(number)}"#))) }
                    group.addTask { try await b.push(increment("0.1")) }
                }
                try await group.waitForAll()
            }
            for one in [a, b] {
                try await shows(one, #"{"a1":1,"a2":2,"a3":3,"a4":4,"a5":5,"n":0.5}"#)
                #expect(one.status.way == way && one.status.phase == .live)
                await one.close()
            }
        }
    }

    @Test(
        "A rejection comes with its reason, and what stands behind it is applied, by every way", arguments: Way.allCases
    )
    func rejected(_ way: Way) async throws {
        try await withCistern { system in
            let a = try open(system.poller.url, ways: [way])
            var failures = a.failures.makeAsyncIterator()
            let changes = try [
                Edit.merge(#"{"n":1}"#), .operations(#"[{"op":"test","path":"/n","value":2}]"#),
                .operations(#"[{"op":"no such operation","path":"/n"}]"#), .merge(#"{"m":1}"#),
            ].map { try a.enqueue($0) }
            let first = try await changes[0].folded()
            #expect(first.outcome == .applied)
            let rejection = await #expect(throws: ChangeFailure.self) { _ = try await changes[1].folded() }
            guard case .rejected(_, let problem)? = rejection else {
                throw TestSupportError("\(String(describing: rejection))")
            }
            #expect(problem.slug == "test-failed" && problem.status == 422, "\(problem)")
            let refusal = await #expect(throws: ChangeFailure.self) { _ = try await changes[2].folded() }
            guard case .refused(_, let problem)? = refusal else {
                throw TestSupportError("\(String(describing: refusal))")
            }
            #expect(problem.slug == "invalid-patch")
            #expect(try await changes[3].folded().outcome == .applied)
            let heard = [await failures.next(), await failures.next()]
            #expect(heard.contains(rejection) && heard.contains(refusal))
            try await shows(a, #"{"m":1,"n":1}"#)
            await a.close()
        }
    }

    @Test("A precondition that does not hold is told, and one that holds applies")
    func preconditions() async throws {
        try await withCistern { system in
            let a = try open(system.poller.url)
            try await a.push(.merge(#"{"n":1}"#, if: .isNew))
            let version = try #require(a.status.version)
            try await a.push(.merge(#"{"n":2}"#, if: .version(version)))
            let failure = await #expect(throws: ChangeFailure.self) {
                try await a.push(.merge(#"{"n":3}"#, if: .version(version)))
            }
            guard case .rejected(_, let problem)? = failure else {
                throw TestSupportError("\(String(describing: failure))")
            }
            #expect(problem.status == 412)
            try await shows(a, #"{"n":2}"#)
            await a.close()
        }
    }

    @Test("What was changed without a connection arrives afterwards, each once and in order")
    func offline() async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                let (a, b) = (try open(gate.url), try open(system.poller.url))
                try await a.push(.merge(#"{"list":[]}"#))
                try await gate.shut()
                try await eventually("it notices") { a.status.phase != .live }
                let changes = try (1...3).map {
                    try a.enqueue(.operations(JSONText(#"[{"op":"add","path":"/list/-","value":\#($0)}]"#)))
                }
                try await shows(a, #"{"list":[1,2,3]}"#, pending: 3)
                try await b.push(.merge(#"{"other":true}"#))
                try await gate.open()
                for change in changes { #expect(try await change.folded().outcome == .applied) }
                for one in [a, b] { try await shows(one, #"{"list":[1,2,3],"other":true}"#) }
                a.setOnline(false)
                let late = try a.enqueue(.merge(#"{"list":null}"#))
                #expect(a.status.phase == .offline && a.status.pendingCount == 1)
                a.setOnline(true)
                _ = try await late.folded()
                try await shows(b, #"{"other":true}"#)
                await a.close()
                await b.close()
            }
        }
    }

    @Test("An answer that is lost leaves no change twice")
    func lostAnswers() async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                let a = try open(gate.url, ways: [.short])
                try await a.push(.merge(#"{"n":0}"#))
                gate.loseAnswers(3) { $0.contains("put /v1/apps/board/changes ") }
                let changes = try (0..<2).map { _ in try a.enqueue(increment()) }
                for change in changes { #expect(try await change.folded().outcome == .applied) }
                #expect(gate.timesToLose == 0)
                try await shows(a, #"{"n":2}"#)
                await a.close()
            }
        }
    }

    @Test(
        "Where a way does not get through, the next one takes its place",
        arguments: [
            (["upgrade: websocket"], Way.events), (["upgrade: websocket", "text/event-stream"], .long),
            (["upgrade: websocket", "text/event-stream", "wait=50"], .short),
        ])
    func fallBack(_ refused: [String], _ way: Way) async throws {
        try await withCistern { system in
            try await withGate(to: system.poller.port) { gate in
                gate.refuse { text in refused.contains(where: text.contains) }
                let a = try open(gate.url)
                let other = try open(system.poller.url)
                try await other.push(.merge(#"{"n":1}"#))
                try await shows(a, #"{"n":1}"#)
                try await eventually(within: .seconds(30), "states come by \(way)") {
                    a.status.phase == .live && a.status.way == way
                }
                try await a.push(.merge(#"{"n":2}"#))
                try await shows(other, #"{"n":2}"#)
                await a.close()
                await other.close()
            }
        }
    }

    @Test("A deletion is shown, and a new change makes the application again")
    func deleted() async throws {
        try await withCistern { system in
            let client = try CisternClient(url: system.poller.url)
            let (a, b) = (try client.open("board"), try client.open("board"))
            try await a.push(.merge(#"{"n":1}"#))
            try await shows(b, #"{"n":1}"#)
            let epoch = b.status.version?.epoch
            try await client.application("board").delete()
            try await eventually(within: .seconds(30), "it is gone") {
                a.state?.json == nil && a.status.exists == false
            }
            try await a.push(.merge(#"{"m":1}"#))
            try await shows(b, #"{"m":1}"#)
            #expect(b.status.version?.epoch != epoch)
            await a.close()
            await b.close()
        }
    }

    @Test("Who is here is seen by the others, and who goes is not, by every way", arguments: Way.allCases)
    func presence(_ way: Way) async throws {
        try await withCistern { system in
            let a = try open(system.poller.url, ways: [way], name: "ada")
            let b = try open(system.poller.url, ways: [way], name: "bob")
            let changes = b.presence.changes
            try a.presence.say(#"{"cursor":3}"#)
            for await clients in changes where clients["ada"]?.description == #"{"cursor":3}"# { break }
            a.presence.leave()
            for await clients in b.presence.changes where clients["ada"] == nil { break }
            try a.presence.say("4")
            for await clients in b.presence.changes where clients["ada"] == "4" { break }
            // Whoever ends is gone at once, not when its time is over.
            await a.close()
            try await eventually(within: .seconds(15), "Ada has gone") { b.presence.clients["ada"] == nil }
            await b.close()
        }
    }

    @Test("When it is closed, its states end, and whoever waits is told")
    func closed() async throws {
        try await withCistern { system in
            let a = try open("http://127.0.0.1:1")
            let change = try a.enqueue(increment())
            let states = a.states
            let waiting = Task { try await change.folded() }
            await a.close()
            let result = await waiting.result
            #expect(throws: ChangeFailure.closed) { _ = try result.get() }
            for await _ in states {}
            #expect(throws: ChangeFailure.closed) { try a.enqueue(increment()) }
            let b = try open(system.poller.url)
            let task = Task { try await b.push(.merge(#"{"n":1}"#, if: .exists)) }
            task.cancel()
            _ = await task.result
            await b.close()
        }
    }

    @Test("The example of the README does what it says")
    func example() async throws {
        try await withCistern { system in
            let path = system.redis.folder + "/board.queue"
            let client = try CisternClient(url: system.poller.url)
            let board = try client.open("board", storage: FileStorage(path: path))
            let watching = Task {
                for await state in board.states { print(state.json ?? "nothing yet", board.status.way) }
            }
            let title = try await board.push(.merge(#"{"title":"Plan"}"#))
            let visit = try await board.push(.operations(#"[{"op":"increment","path":"/visits","value":1}]"#))
            print(title.outcome, visit.receipt ?? "-")
            await board.close()
            await watching.value
            #expect(try await client.application("board").state().json == #"{"title":"Plan","visits":1}"#)
        }
    }
}
