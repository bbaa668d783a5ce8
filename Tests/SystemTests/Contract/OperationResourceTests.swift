import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Long-running operations: keys, lists, results in parts, and what is tried again", .timeLimit(.minutes(20)))
struct OperationResourceTests {
    private static func post(
        _ system: TestCistern, _ key: String?, _ body: String = #"{"kind":"export"}"#
    ) async throws -> Answer {
        try await system.send(
            "POST", "/v1/apps/board/operations",
            headers: [("Content-Type", "application/json")] + (key.map { [("Idempotency-Key", $0)] } ?? []),
            body: Array(body.utf8), to: system.bucket)
    }

    @Test("With a key an operation is made once, and each repeat gets the bytes of the first answer")
    func keys() async throws {
        try await withCistern { system in
            let made = try await Self.post(system, #""k-1""#)
            #expect(made.status == 202 && made["Retry-After"] == "1")
            let place = try #require(made["Location"])
            #expect(made["Operation-Location"] == place && place.hasPrefix("/v1/apps/board/operations/key-"))
            let item = try #require(try await system.claim())
            #expect(item["operation"]?["id"]?.stringValue.map { place.hasSuffix($0) } == true)
            for key in [#""k-1""#, "k-1"] {
                let again = try await Self.post(system, key)
                #expect(again.status == 202 && again.text == made.text && again["ETag"] == made["ETag"])
            }
            let both = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 1...5 { group.addTask { try await Self.post(system, "k-2") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(both.allSatisfy { $0.status == 202 && $0.text == both[0].text })
            #expect(try await Self.post(system, "k-1", #"{"kind":"other"}"#).refusal == "422 idempotency-key-reused")
            #expect(try await Self.post(system, "k-3", "{}").refusal == "422 invalid-operation")
            for key in [nil, #""k"#, "a b", #""""#, String(repeating: "k", count: 256)] {
                #expect(try await Self.post(system, key).refusal == "400 invalid-idempotency-key")
            }
        }
    }

    @Test("A list leads from page to page, and knows status and kind")
    func lists() async throws {
        try await withCistern { system in
            for number in 1...5 { _ = try await system.operate("PUT", "e\(number)", #"{"kind":"export"}"#) }
            _ = try await system.operate("POST", "e2:cancel")
            func page(_ target: String) async throws -> (ids: [String], link: String?) {
                let answer = try await system.send("GET", target, to: system.bucket)
                #expect(answer.status == 200 && (answer["Link"] == nil) == (answer.member("next") == nil))
                let operations = try #require(answer.member("operations"))
                return (operations.elements.compactMap { $0["id"]?.stringValue }, answer["Link"])
            }
            var (ids, link) = try await page("/v1/apps/board/operations?limit=2")
            #expect(ids == ["e5", "e4"])
            while let next = link {
                let target = try #require(next.split(separator: ">").first?.dropFirst())
                #expect(next.hasSuffix(#">; rel="next""#))
                let more = try await page(String(target))
                ids += more.ids
                link = more.link
            }
            #expect(ids == ["e5", "e4", "e3", "e2", "e1"])
            #expect(try await page("/v1/apps/board/operations?status=cancelled&kind=export").ids == ["e2"])
            #expect(try await page("/v1/apps/board/operations?kind=import").ids.isEmpty)
            for query in ["status=asleep", "kind=-", "after=x", "limit=0", "limit=101"] {
                let answer = try await system.send("GET", "/v1/apps/board/operations?\(query)", to: system.bucket)
                #expect(answer.refusal == "400 invalid-parameter", "\(query)")
            }
        }
    }

    @Test("A result comes whole or in part, with the digest of what comes")
    func parts() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            let lease = try #require(try await system.claim()?["lease"]?["token"]?.stringValue)
            _ = try await system.operate(
                "PUT", "e1/result", "0123456789", headers: [("Lease-Token", lease)], type: "text/plain")
            let whole = try await system.operate("GET", "e1/result")
            #expect(whole["Accept-Ranges"] == "bytes")
            #expect(whole["Content-Digest"] == "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:")
            let tag = try #require(whole["ETag"])
            for (headers, status, text) in [
                ([("Range", "bytes=2-4")], 206, "234"), ([("Range", "bytes=8-99")], 206, "89"),
                ([("Range", "bytes=-3")], 206, "789"), ([("Range", "bytes=5-")], 206, "56789"),
                ([("Range", "bytes=0-1,3-4")], 200, "0123456789"), ([("Range", "lines=0-1")], 200, "0123456789"),
                ([("Range", "bytes=4-2")], 200, "0123456789"),
                ([("Range", "bytes=2-4"), ("If-Range", tag)], 206, "234"),
                ([("Range", "bytes=2-4"), ("If-Range", #""other""#)], 200, "0123456789"),
                ([("Range", "bytes=2-4"), ("If-None-Match", tag)], 304, ""),
                ([("If-Match", tag)], 200, "0123456789"),
            ] as [([(String, String)], Int, String)] {
                let answer = try await system.operate("GET", "e1/result", headers: headers)
                #expect(answer.status == status && answer.text == text, "\(headers)")
                #expect((answer["Content-Range"] != nil) == (status == 206))
            }
            let part = try await system.operate("GET", "e1/result", headers: [("Range", "bytes=2-4")])
            #expect(part["Content-Range"] == "bytes 2-4/10" && part["Repr-Digest"] == whole["Content-Digest"])
            #expect(part["Content-Digest"] != whole["Content-Digest"] && part["ETag"] == tag)
            let beyond = try await system.operate("GET", "e1/result", headers: [("Range", "bytes=10-")])
            #expect(beyond.refusal == "416 range-not-satisfiable" && beyond["Content-Range"] == "bytes */10")
            let other = try await system.operate("GET", "e1/result", headers: [("If-Match", #""other""#)])
            #expect(other.refusal == "412 precondition-failed")
        }
    }

    @Test("What is dead is tried again; what is not has a conflict; both only to what If-Match names")
    func retry() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export","attempts":1,"input":[1]}"#)
            #expect(try await system.operate("POST", "e1:retry").refusal == "409 operation-not-dead")
            #expect(try await system.operate("POST", "e9:retry").refusal == "404 unknown-operation")
            let lease = try #require(try await system.claim()?["lease"]?["token"]?.stringValue)
            _ = try await system.operate(
                "POST", "e1:fail", #"{"error":{},"retryable":true}"#, headers: [("Lease-Token", lease)])
            let wrong = [("If-Match", #""other""#)]
            #expect(try await system.operate("POST", "e1:retry", headers: wrong).refusal == "412 precondition-failed")
            let tag = try #require(try await system.operate("GET", "e1")["ETag"])
            let again = try await system.operate("POST", "e1:retry", headers: [("If-Match", tag)])
            #expect(again.status == 202 && again.member("status")?.stringValue == "queued")
            let item = try #require(try await system.claim())
            #expect(item["input"]?.text == "[1]" && item["attempt"]?.integerValue == 1)
            #expect(try await system.operate("POST", "e1:cancel", headers: wrong).refusal == "412 precondition-failed")
            #expect(try await system.operate("POST", "e1:retry").refusal == "409 operation-not-dead")
        }
    }
}
