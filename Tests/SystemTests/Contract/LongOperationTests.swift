import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Long-running operations", .timeLimit(.minutes(20)))
struct LongOperationTests {
    @Test("From the wish to the result: made, claimed, told of, done, and fetched as often as wanted")
    func wholeWay() async throws {
        try await withCistern { system in
            let made = try await system.operate("PUT", "e1", #"{"kind":"export","input":{"rows":[1,2]}}"#)
            #expect(made.status == 201 && made["Location"] == "/v1/apps/board/operations/e1")
            #expect(made["Operation-Location"] == made["Location"] && made["Retry-After"] == "1")
            #expect(made.member("status")?.stringValue == "queued" && made.member("done")?.boolValue == false)
            let tag = try #require(made["ETag"])
            let known = try await system.operate("GET", "e1", headers: [("If-None-Match", tag)])
            #expect(known.status == 304 && known["ETag"] == tag && known["Retry-After"] != nil)
            #expect(try await system.operate("GET", "e1/result").refusal == "404 result-not-ready")

            let item = try #require(try await system.claim())
            #expect(item["operation"]?["status"]?.stringValue == "running" && item["attempt"]?.integerValue == 1)
            #expect(item["input"]?.text == #"{"rows":[1,2]}"# && item["checkpoint"]?.isNull == true)
            let lease = try [("Lease-Token", #require(item["lease"]?["token"]?.stringValue))]
            #expect(try await system.claim() == nil)
            let beat = try await system.operate(
                "POST", "e1:heartbeat", #"{"progress":{"percent":50},"checkpoint":{"row":1}}"#, headers: lease)
            #expect(beat.status == 200 && beat.member("cancel_requested")?.boolValue == false)
            #expect(beat.member("expires_at")?.stringValue?.hasSuffix("Z") == true)
            let seen = try await system.operate("GET", "e1", headers: [("If-None-Match", tag)])
            #expect(seen.status == 200 && seen.member("progress")?.text == #"{"percent":50}"#)

            let result = "a,b\n1,2\n"
            for status in [201, 200] {
                let answer = try await system.operate(
                    "PUT", "e1/result", result, headers: lease, type: "text/csv; charset=utf-8")
                #expect(answer.status == status && answer.member("status")?.stringValue == "succeeded")
            }
            #expect(
                try await system.operate("PUT", "e1/result", "other", headers: lease, type: "text/csv").refusal
                    == "409 lease-lost")
            let there = try await system.operate("GET", "e1")
            #expect(there.status == 303 && there["Location"] == "/v1/apps/board/operations/e1/result")
            #expect(there.member("done")?.boolValue == true)
            let plain = try await system.operate("GET", "e1?redirect=never")
            #expect(plain.status == 200 && plain.json == there.json && plain["Retry-After"] == nil)
            #expect(try await system.operate("GET", "e1?redirect=yes").refusal == "400 invalid-parameter")
            for _ in 0..<2 {
                let fetched = try await system.operate("GET", "e1/result")
                #expect(fetched.status == 200 && fetched.text == result)
                #expect(fetched["Content-Type"] == "text/csv; charset=utf-8")
                #expect(fetched["X-Content-Type-Options"] == "nosniff")
                let same = try await system.operate(
                    "GET", "e1/result", headers: [("If-None-Match", fetched["ETag"] ?? "")])
                #expect(same.status == 304)
            }
            // The wish again makes nothing new.
            let again = try await system.operate("PUT", "e1", #"{"input":{"rows":[1,2]},"kind":"export"}"#)
            #expect(again.status == 200 && again.member("status")?.stringValue == "succeeded")
            #expect(try await system.operate("PUT", "e1", #"{"kind":"export"}"#).refusal == "409 operation-mismatch")
        }
    }

    @Test("A worker that is killed loses its lease; the third one's death is the operation's")
    func crashes() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            var first: String?
            for attempt in 1...3 {
                let item = try #require(try await system.claim(#","lease_s":1,"wait_s":10"#))
                #expect(item["attempt"]?.integerValue == attempt)
                first = first ?? item["lease"]?["token"]?.stringValue
            }
            let late = try await system.operate(
                "PUT", "e1/result", "x", headers: [("Lease-Token", first ?? "")], type: "text/plain")
            #expect(late.refusal == "409 lease-lost")
            try await eventually("the operation is dead") {
                try await system.operate("GET", "e1").member("status")?.stringValue == "dead"
            }
            #expect(try await system.operate("GET", "e1/result").refusal == "409 operation-failed")
            #expect(try await system.claim() == nil)
        }
    }

    @Test("Two workers that wait for one operation: one has it at once, the other goes on waiting")
    func waitingWorkers() async throws {
        try await withCistern(CisternOptions(pollers: 2)) { system in
            let items = try await withThrowingTaskGroup(of: Document?.self) { group in
                for server in system.pollers {
                    group.addTask { try await system.claim(#","wait_s":3"#, at: server) }
                }
                // Both wait by then or come later: either way one gets it.
                let began = ContinuousClock.now
                _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
                let first = try await group.next() ?? nil
                #expect(first != nil && ContinuousClock.now - began < .seconds(2))
                return try await group.reduce(into: [first]) { $0.append($1) }
            }
            #expect(items.compactMap { $0 }.count == 1)
        }
    }

    @Test("Who waits for an operation hears of what becomes of it, by any server, and gets 304 when nothing does")
    func waitingClients() async throws {
        try await withCistern(CisternOptions(pollers: 2)) { system in
            var tag = try #require(try await system.operate("PUT", "e1", #"{"kind":"export"}"#)["ETag"])
            let idle = try await system.operate(
                "GET", "e1", headers: [("If-None-Match", tag), ("Prefer", "wait=1")])
            #expect(idle.status == 304 && idle["Preference-Applied"] == "wait=1")
            var token = ""
            for step in 0..<3 {
                let began = ContinuousClock.now
                let known = tag
                async let waiting = system.operate(
                    "GET", "e1", headers: [("If-None-Match", known), ("Prefer", "wait=30")], at: system.pollers[1])
                switch step {
                case 0: token = try await system.claim()?["lease"]?["token"]?.stringValue ?? ""
                case 1:
                    let body = #"{"progress":{"completed":1}}"#
                    _ = try await system.operate("POST", "e1:heartbeat", body, headers: [("Lease-Token", token)])
                default:
                    _ = try await system.operate(
                        "PUT", "e1/result", "x", headers: [("Lease-Token", token)], type: "text/plain")
                }
                let answer = try await waiting
                #expect(answer.status == (step == 2 ? 303 : 200) && ContinuousClock.now - began < .seconds(10))
                tag = answer["ETag"] ?? ""
            }
        }
    }

    @Test("Cancelling, deleting, and both again")
    func endings() async throws {
        try await withCistern { system in
            #expect(try await system.operate("GET", "e1").refusal == "404 unknown-operation")
            #expect(try await system.operate("POST", "e1:cancel").refusal == "404 unknown-operation")
            #expect(try await system.operate("DELETE", "e1").refusal == "404 unknown-operation")
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            let item = try #require(try await system.claim())
            let lease = try [("Lease-Token", #require(item["lease"]?["token"]?.stringValue))]
            for _ in 0..<2 {
                let answer = try await system.operate("DELETE", "e1")
                #expect(answer.status == 202 && answer.member("status")?.stringValue == "cancelling")
            }
            let beat = try await system.operate("POST", "e1:heartbeat", "{}", headers: lease)
            #expect(beat.member("cancel_requested")?.boolValue == true)
            for _ in 0..<2 {
                let failed = try await system.operate(
                    "POST", "e1:fail", #"{"error":{"code":"stopped"},"retryable":true}"#, headers: lease)
                #expect(failed.status == 200 && failed.text == #"{"status":"cancelled"}"#)
            }
            let over = try await system.operate("POST", "e1:cancel")
            #expect(over.status == 200 && over.member("error")?["code"]?.stringValue == "stopped")
            let wrong = try await system.operate("DELETE", "e1", headers: [("If-Match", "\"other\"")])
            #expect(wrong.refusal == "412 precondition-failed")
            let tag = over["ETag"] ?? ""
            #expect(try await system.operate("DELETE", "e1", headers: [("If-Match", tag)]).status == 204)
            #expect(try await system.operate("DELETE", "e1").status == 204)
            for path in ["e1", "e1/result"] {
                #expect(try await system.operate("GET", path).refusal == "410 operation-gone")
            }
            #expect(
                try await system.operate("POST", "e1:heartbeat", "{}", headers: lease).refusal == "410 operation-gone")
            #expect(try await system.operate("PUT", "e1", #"{"kind":"export"}"#).refusal == "409 operation-id-retired")
        }
    }

    @Test("A lease that is given back costs no attempt, a failure says when the next one may begin")
    func attempts() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            for _ in 0..<2 {
                let item = try #require(try await system.claim())
                #expect(item["attempt"]?.integerValue == 1)
                let lease = try [("Lease-Token", #require(item["lease"]?["token"]?.stringValue))]
                for _ in 0..<2 { #expect(try await system.operate("DELETE", "e1/lease", headers: lease).status == 204) }
            }
            let item = try #require(try await system.claim())
            let lease = try [("Lease-Token", #require(item["lease"]?["token"]?.stringValue))]
            let report = #"{"error":{"code":"busy"},"retryable":true,"retry_after_s":1}"#
            let answers = [
                try await system.operate("POST", "e1:fail", report, headers: lease),
                try await system.operate("POST", "e1:fail", report, headers: lease),
            ]
            #expect(answers[0].status == 200 && answers[0].text == answers[1].text)
            #expect(answers[0].member("next_attempt_at") != nil)
            #expect(try await system.claim() == nil)
            #expect(try await system.claim(#","wait_s":10"#)?["attempt"]?.integerValue == 2)
        }
    }

    @Test("What is not well is refused, each with its own word")
    func refusals() async throws {
        try await withCistern { system in
            let good = #"{"kind":"export"}"#
            let large = #"{"kind":"export","input":"\#(String(repeating: "x", count: 70_000))"}"#
            for (method, path, body, type, refusal) in [
                ("PUT", "-", good, "application/json", "400 invalid-id"),
                ("PUT", "e1", good, "text/plain", "415 unsupported-operation-type"),
                ("PUT", "e1", "{", "application/json", "400 malformed-json"),
                ("PUT", "e1", "{}", "application/json", "422 invalid-operation"),
                ("PUT", "e1", #"{"kind":"export","publish":"a"}"#, "application/json", "422 invalid-operation"),
                ("PUT", "e1", large, "application/json", "413 operation-too-large"),
                ("POST", "e1:heartbeat", "{}", "application/json", "400 invalid-parameter"),
                ("DELETE", "e1/lease", nil, "application/json", "400 invalid-parameter"),
                ("POST", "e1", "{}", "application/json", "405 method-not-allowed"),
                ("GET", "e1:cancel", nil, "application/json", "405 method-not-allowed"),
                ("POST", "e1:else", nil, "application/json", "405 method-not-allowed"),
            ] as [(String, String, String?, String, String)] {
                let answer = try await system.operate(method, path, body, type: type)
                #expect(answer.refusal == refusal, "\(method) \(path)")
            }
            #expect(try await system.operate("GET", "e1:cancel")["Allow"] == "POST")
            #expect(try await system.operate("POST", "e1")["Allow"] == "PUT, GET, HEAD, DELETE")
            let claim = try await system.send(
                "POST", "/v1/operations:claim", headers: [("Content-Type", "application/json")],
                body: Array(#"{"worker":"w","kinds":["a"],"max":1000}"#.utf8))
            #expect(claim.refusal == "422 invalid-operation" && claim.member("pointer")?.stringValue == "/max")
            _ = try await system.operate("PUT", "e1", good)
            let wrong = try await system.operate("POST", "e1:heartbeat", "{}", headers: [("Lease-Token", "1-abc")])
            #expect(wrong.refusal == "409 lease-lost")
        }
    }

    @Test("What clients ask for counts as pushes and polls, what workers say does not")
    func rates() async throws {
        let flags = ["--client-pushes", "2/h", "--client-polls", "1/h"]
        try await withCistern(CisternOptions(bucketFlags: flags)) { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            _ = try await system.operate("POST", "e1:cancel")
            #expect(try await system.operate("PUT", "e2", #"{"kind":"export"}"#).refusal == "429 rate-limited")
            #expect(try await system.operate("DELETE", "e1").refusal == "429 rate-limited")
            #expect(try await system.operate("GET", "e1")["RateLimit"]?.contains("r=0") == true)
            #expect(try await system.operate("GET", "e1/result").refusal == "429 rate-limited")
            for _ in 0..<3 {
                #expect(try await system.claim() == nil)
                let beat = try await system.operate("POST", "e1:heartbeat", "{}", headers: [("Lease-Token", "1-x")])
                #expect(beat.refusal == "409 lease-lost")
            }
        }
    }

    @Test("While Redis is away nothing is accepted, and afterwards everything goes on, leases too")
    func outage() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            let item = try #require(try await system.claim())
            let lease = try [("Lease-Token", #require(item["lease"]?["token"]?.stringValue))]
            system.redis.kill()
            let refused = try await system.operate("PUT", "e2", #"{"kind":"export"}"#)
            #expect(refused.refusal == "503 log-unavailable" && refused["Retry-After"] != nil)
            try await system.redis.launch()
            try await eventually(within: .seconds(20), "the result is taken") {
                [200, 201].contains(
                    try await system.operate("PUT", "e1/result", "x", headers: lease, type: "text/plain").status)
            }
            #expect(try await system.operate("GET", "e1/result").text == "x")
        }
    }
}

extension TestCistern {
    /// A request about an operation of `board`: its id, and what follows.
    func operate(
        _ method: String, _ path: String, _ body: String? = nil, headers: [(String, String)] = [],
        type: String = "application/json", at server: DaemonProcess? = nil
    ) async throws -> Answer {
        try await send(
            method, "/v1/apps/board/operations/\(path)",
            headers: (body == nil ? [] : [("Content-Type", type)]) + headers, body: body.map { Array($0.utf8) },
            to: server ?? bucket)
    }

    /// The first operation of a claim; nil if there is none.
    func claim(_ more: String = "", at server: DaemonProcess? = nil) async throws -> Document? {
        let answer = try await send(
            "POST", "/v1/operations:claim", headers: [("Content-Type", "application/json")],
            body: Array(#"{"worker":"w1","kinds":["export"]\#(more)}"#.utf8), to: server ?? bucket)
        guard answer.status == 200 else {
            guard answer.status == 204 else { throw TestSupportError("a claim was refused: \(answer.refusal)") }
            return nil
        }
        return answer.member("items")?[0]
    }
}
