import Documents
import SystemSupport
import TestSupport
import Testing

/// How often clients may come, on every way into a server, with lanes and without.
@Suite("Rates", .timeLimit(.minutes(20)))
struct RateTests {
    private static let ways = ["yes", "no"]
    private static let pushes = ["--client-pushes", "6/h"]

    private func standing(_ answer: Answer) -> Int? {
        answer["RateLimit"]?.wholeMatch(of: /"client";r=(\d+);t=\d+/).flatMap { Int($0.1) }
    }

    @Test(
        "Whoever has a token is told what is left of their pushes, and then when to come back; others do not notice",
        arguments: ways)
    func pushes(lanes: String) async throws {
        try await withKeys(lanes: lanes, frontFlags: Self.pushes) { system, keyring in
            let (one, other) = (try keyring.bearer("push:*"), keyring.everything)
            var answers: [Answer] = []
            // Tokens of one subject are one client, whichever of them is sent, and for whatever application.
            for number in 0..<9 {
                let same = number.isMultiple(of: 2) ? one : try keyring.bearer("push:a\(number % 3)", lifetime: 3_000)
                answers.append(try await system.push("{}", id: "c\(number)", to: "a\(number % 3)", headers: same))
            }
            #expect(answers.map { standing($0) } == [5, 4, 3, 2, 1, 0, 0, 0, 0])
            #expect(answers.map(\.status) == Array(repeating: 201, count: 6) + [429, 429, 429])
            #expect(answers.allSatisfy { $0["RateLimit-Policy"] == #""client";q=6;w=3600"# })
            let refused = answers[8]
            #expect(refused.refusal == "429 rate-limited")
            #expect((500...600).contains(refused["Retry-After"].flatMap { Int($0) } ?? 0))
            #expect(refused.member("violated-policies") == .array([.string("client")]))
            #expect(refused.member("retry_after")?.integerValue == refused["Retry-After"].flatMap { Int($0) })

            let undisturbed = try await system.push("{}", id: "o", to: "a0", headers: other)
            #expect(undisturbed.status == 201 && standing(undisturbed) == 5)
        }
    }

    @Test(
        "Whoever comes when they were told to is served; refusals are held back, so that a loop is a slow one",
        arguments: ways)
    func comesBack(lanes: String) async throws {
        try await withKeys(lanes: lanes, frontFlags: ["--client-pushes", "1/s:2"]) { system, keyring in
            var answer = try await system.push("{}", id: "c0", headers: keyring.everything)
            var (number, start) = (0, ContinuousClock.now)
            while answer.status == 201, number < 50 {
                number += 1
                start = .now
                answer = try await system.push("{}", id: "c\(number)", headers: keyring.everything)
            }
            #expect(ContinuousClock.now - start >= .milliseconds(250))
            #expect(answer.refusal == "429 rate-limited" && answer["Retry-After"] == "1")
            // As the client that is told to would.
            try await Task.sleep(for: .seconds(1))
            #expect(try await system.push("{}", id: "c\(number)", headers: keyring.everything).status == 201)
        }
    }

    @Test("An application takes so much, whoever it comes from; others take theirs", arguments: ways)
    func applications(lanes: String) async throws {
        try await withKeys(lanes: lanes, frontFlags: ["--application-pushes", "6/h", "--client-pushes", "20/h"]) {
            system, keyring in
            let (one, other) = (try keyring.bearer("push:*"), keyring.everything)
            var granted = 0
            for number in 0..<9 {
                let answer = try await system.push(
                    "{}", id: "c\(number)", headers: number.isMultiple(of: 2) ? one : other)
                granted += answer.status == 201 ? 1 : 0
                guard answer.status != 201 else { continue }
                #expect(answer.refusal == "429 rate-limited")
                #expect(answer.member("violated-policies") == .array([.string("application")]))
            }
            #expect(granted == 6)
            // What an application refuses is not taken from the client: three were granted to each.
            let elsewhere = try await system.push("{}", id: "c", to: "elsewhere", headers: one)
            #expect(elsewhere.status == 201)
            #expect(elsewhere["RateLimit-Policy"] == #""client";q=20;w=3600, "application";q=6;w=3600"#)
            #expect(elsewhere["RateLimit"]?.hasPrefix(#""client";r=16;t="#) == true)
            #expect(elsewhere["RateLimit"]?.contains(#", "application";r=5;t="#) == true)
        }
    }

    @Test("Whoever polls too quickly is told to wait for no less than the interval, by 304 as by 200", arguments: ways)
    func polls(lanes: String) async throws {
        let flags = ["--client-polls", "6/m", "--poll-interval", "30s"]
        try await withKeys(lanes: lanes, frontFlags: flags) { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let reader = try keyring.bearer("poll:*")
            var (granted, etag) = (0, "")
            for _ in 0..<9 {
                let answer = try await system.state(headers: reader + [("If-None-Match", etag)])
                if [200, 304].contains(answer.status) {
                    granted += 1
                    etag = answer["ETag"] ?? ""
                    #expect(answer["RateLimit-Policy"] == #""client";q=6;w=60"#)
                } else {
                    #expect(answer.refusal == "429 rate-limited" && answer["Retry-After"] == "30")
                }
                #expect(standing(answer) != nil)
            }
            #expect((6...7).contains(granted))
            // What became of a change, and who is here, are questions, too.
            let outcome = try await system.get("/v1/apps/board/changes/c0", headers: try keyring.bearer("push:*"))
            #expect(outcome.refusal == "429 rate-limited")
            #expect(try await system.get("/v1/apps/board/presence", headers: reader).refusal == "429 rate-limited")
            #expect(try await system.state(headers: keyring.everything).status == 200)
        }
    }

    @Test("Each change of a batch counts, and a batch that is too large for now leaves what there is")
    func batches() async throws {
        try await withKeys(frontFlags: ["--client-pushes", "60/h"]) { system, keyring in
            func batch(_ count: Int, _ name: String) async throws -> Answer {
                let changes = (0..<count).map { #"{"id":"\#(name)\#($0)","type":"application/json","change":{}}"# }
                return try await system.batch(
                    "[\(changes.joined(separator: ","))]", headers: try keyring.bearer("push:*"))
            }
            let first = try await batch(40, "a")
            #expect(first.status == 200 && standing(first) == 20)
            let refused = try await batch(40, "b")
            #expect(refused.refusal == "429 rate-limited")
            let wait = try #require(refused["Retry-After"].flatMap { Int($0) })
            #expect((1_100...1_200).contains(wait))
            #expect(try await batch(10, "c").status == 200)
            // Larger than ever is there at once: for another who has all of theirs.
            let many = (0..<90).map { #"{"id":"d\#($0)","type":"application/json","change":{}}"# }
            let large = try await system.batch("[\(many.joined(separator: ","))]", headers: keyring.everything)
            #expect(large.status == 200 && standing(large) == 0)
            let after = try await system.push("{}", id: "after", headers: keyring.everything)
            #expect(after.refusal == "429 rate-limited")
            #expect((1_800...1_860).contains(after["Retry-After"].flatMap { Int($0) } ?? 0))
        }
    }

    @Test("A poll of many states counts for each, all of them or none")
    func manyStates() async throws {
        let flags = ["--client-polls", "6/m:70", "--application-polls", "4/h"]
        try await withKeys(frontFlags: flags) { system, keyring in
            func poll(_ apps: [String]) async throws -> Answer {
                try await system.get(
                    "/v1/states?apps=\(apps.joined(separator: ","))", headers: try keyring.bearer("poll:*"))
            }
            let names = (0..<50).map { "a\($0)" }
            let first = try await poll(names)
            #expect(first.status == 200 && first["RateLimit"]?.hasPrefix(#""client";r=20;"#) == true)
            let refused = try await poll(names)
            #expect(refused.refusal == "429 rate-limited")
            #expect(refused.member("violated-policies") == .array([.string("client")]))
            for _ in 0..<4 { #expect(try await poll(["one", "two"]).status == 200) }
            let one = try await poll(["three", "one"])
            #expect(one.refusal == "429 rate-limited")
            #expect(one.member("violated-policies") == .array([.string("application")]))
            // What was taken of it for the poll that came to nothing was given back.
            for _ in 0..<4 { #expect(try await poll(["three"]).status == 200) }
        }
    }

    @Test("A push by a socket counts as any other, and is refused by a message")
    func sockets() async throws {
        try await withKeys(frontFlags: Self.pushes) { system, keyring in
            let token = try keyring.bearer("push:* poll:*")
            let lines = LiveSocket.handshake("/v1/apps/board/socket?client=ann") + token.map { "\($0): \($1)" }
            let socket = try await LiveSocket.open(port: system.poller.port, lines)
            defer { socket.drop() }
            let start = ContinuousClock.now
            for number in 0..<12 { try await socket.push("{}", id: "c\(number)") }
            var answers: [String] = []
            for number in 0..<12 { answers.append(try await socket.answer(to: "c\(number)")) }
            // Refusals are held back here, too.
            #expect(ContinuousClock.now - start >= .milliseconds(250))
            #expect(answers == Array(repeating: "ack", count: 6) + Array(repeating: "refused rate-limited", count: 6))
            let refusal = try await socket.word("a refusal") { if case .refused = $0 { true } else { false } }
            guard case .refused(_, let problem) = refusal else { return }
            #expect((500...600).contains(problem["retry_after"]?.integerValue ?? 0))
            // The same client by another way, and about something else.
            #expect(try await system.push("{}", id: "d", to: "other", headers: token).refusal == "429 rate-limited")
            try await socket.send(#"{"presence":{"name":"Ann"}}"#)
            try await socket.word("that nobody is told so often") {
                if case .refused(nil, let problem) = $0 { problem.slug == "rate-limited" } else { false }
            }
        }
    }

    @Test("To open a socket is a poll, and refused as one")
    func opening() async throws {
        try await withKeys(frontFlags: ["--client-polls", "2/h"]) { system, keyring in
            let lines =
                LiveSocket.handshake("/v1/apps/board/socket") + (try keyring.bearer("poll:*")).map { "\($0): \($1)" }
            var heads: [String] = []
            for _ in 0..<3 {
                let socket = try await LiveSocket.open(port: system.poller.port, lines)
                heads.append(socket.received.head ?? "")
                socket.drop()
            }
            #expect(heads.map { String($0.prefix(12)) } == ["HTTP/1.1 101", "HTTP/1.1 101", "HTTP/1.1 429"])
            #expect(heads[2].lowercased().contains("retry-after: ") && heads[2].contains("RateLimit"))
        }
    }

    @Test("A client begins to push to so many applications, and goes on with those", arguments: ways)
    func newApplications(lanes: String) async throws {
        try await withKeys(lanes: lanes, frontFlags: ["--client-applications", "3/h"]) { system, keyring in
            let token = try keyring.bearer("push:*")
            for round in 0..<4 {
                for app in 0..<3 {
                    let answer = try await system.push("{}", id: "c\(round)", to: "a\(app)", headers: token)
                    #expect(answer.status == 201 && answer["RateLimit"] == nil)
                }
            }
            let refused = try await system.push("{}", id: "c", to: "a3", headers: token)
            #expect(refused.refusal == "429 rate-limited")
            #expect(refused.member("violated-policies") == .array([.string("applications")]))
            #expect((1_000...1_200).contains(refused["Retry-After"].flatMap { Int($0) } ?? 0))
            #expect(try await system.push("{}", id: "d", to: "a0", headers: token).status == 201)
            #expect(try await system.push("{}", id: "c", to: "a3", headers: keyring.everything).status == 201)
        }
    }

    @Test("What a lane leaves to the route is counted once, and so is what is wrong with it")
    func countedOnce() async throws {
        try await withKeys(frontFlags: ["--client-pushes", "1000/h", "--client-polls", "1000/h"]) {
            system, keyring in
            let token = try keyring.bearer("push:* poll:*")
            var left = 1_000
            func pays(_ units: Int, _ answer: Answer) {
                let now = standing(answer) ?? -1
                // What comes back in 3.6 s.
                #expect((left - units...left - units + 4).contains(now), "\(answer.status): \(now) after \(left)")
                left = now
            }
            pays(1, try await system.push("{", id: "c0", headers: token))
            pays(1, try await system.push("{}", id: "-c0", headers: token))
            pays(1, try await system.push(#"{"a":1}"#, id: "c0", headers: token))
            pays(1, try await system.push(#"{"a":1}"#, id: "c0", headers: token + [("Prefer", "wait=10")]))
            pays(
                2,
                try await system.batch(
                    #"[{"id":"c1","type":"application/json","change":{}},{"id":"c1","type":"application/json","change":{"x":1}}]"#,
                    headers: token))
            left = 1_000
            let first = try await system.state(headers: token)
            pays(1, first)
            pays(1, try await system.state(headers: token + first.next(wait: 1)))
            pays(1, try await system.state("?at_least=\(first.position ?? "")", headers: token))
            pays(1, try await system.state("?path=/none", headers: token))
        }
    }

    @Test("Without limits no answer speaks of any, and peers without a token are their addresses", arguments: ways)
    func addresses(lanes: String) async throws {
        var options = CisternOptions.live(lanes: lanes)
        try await withCistern(options) { system in
            for answer in [try await system.pushed("{}", id: "c0"), try await system.state()] {
                #expect(answer["RateLimit"] == nil && answer["RateLimit-Policy"] == nil)
            }
        }
        options.bucketFlags = Self.pushes
        try await withCistern(options) { system in
            var granted = 0
            for number in 0..<9 { granted += try await system.push("{}", id: "c\(number)").status == 201 ? 1 : 0 }
            #expect(granted == 6)
        }
    }
}
