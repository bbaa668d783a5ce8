import Documents
import SystemSupport
import Testing

@Suite("Push: batches", .timeLimit(.minutes(20)))
struct BatchTests {
    private static func element(_ id: String, _ change: String = "{}", _ more: String = "", type: ChangeType = .merge)
        -> String
    {
        #"{"id":"\#(id)","type":"\#(type.rawValue)","change":\#(change)\#(more)}"#
    }

    private static func batch(_ elements: String...) -> String { "[\(elements.joined(separator: ","))]" }

    @Test("A batch is appended at consecutive positions, with a result for each, repeats included")
    func results() async throws {
        try await withCistern { system in
            _ = try await system.push(#"{"a":0}"#, id: "before")
            let answer = try await system.batch(
                Self.batch(
                    Self.element("b1", #"{"a":1}"#), Self.element("before", #"{"a":0}"#),
                    Self.element("b2", #"{"b":2}"#),
                    Self.element("b1", #"{"a":1.0}"#))
            )
            #expect(answer.status == 200, "\(answer.text)")
            let results = Array(answer.json.elements)
            try #require(results.count == 4)
            #expect(results.map { $0["position"]?.integerValue } == [2, 1, 3, 2])
            #expect(results.map { $0["created"]?.boolValue } == [true, false, true, false])
            #expect(results.map { $0["id"]?.stringValue } == ["b1", "before", "b2", "b1"])
            let epoch = results[0]["epoch"]?.stringValue ?? ""
            #expect(results[2]["receipt"]?.stringValue == "\(epoch)-3")
            #expect(results[2]["app"]?.stringValue == "board")
            #expect(try await system.settled().text == #"{"a":1,"b":2}"#)
            #expect(try await system.batch("[]").text == "[]")
        }
    }

    @Test("Anything wrong refuses all of a batch, with a pointer to it")
    func refusals() async throws {
        try await withCistern { system in
            let first = try await system.push(#"{"a":1}"#, id: "taken")
            let good = Self.element("good", #"{"good":true}"#)
            let cases: [(String, String, String)] = [
                ("{}", "400 invalid-batch", ""), ("[\(good),1]", "400 invalid-batch", "/1"),
                (#"[\#(good),{"id":"x","type":"application/json"}]"#, "400 invalid-batch", "/1"),
                (#"[\#(good),{"type":"application/json","change":{}}]"#, "400 invalid-batch", "/1"),
                (#"[\#(good),{"id":1,"type":"application/json","change":{}}]"#, "400 invalid-batch", "/1/id"),
                ("[\(good),\(Self.element("x", "{}", #","more~/":1"#))]", "400 invalid-batch", "/1/more~0~1"),
                ("[\(good),\(Self.element("-"))]", "400 invalid-id", "/1/id"),
                (#"[\#(good),{"id":"x","type":"text/plain","change":{}}]"#, "415 unsupported-change-type", "/1/type"),
                (
                    "[\(good),\(Self.element("x", #"[{"op":"add","path":"a","value":1}]"#, type: .patch))]",
                    "400 invalid-patch", "/1/change/0/path"
                ),
                (
                    "[\(good),\(Self.element("x", "{}", #","if_match":"x""#))]", "400 invalid-precondition",
                    "/1/if_match"
                ),
                (
                    "[\(good),\(Self.element("x", "{}", #","if_none_match":"x""#))]", "400 invalid-precondition",
                    "/1/if_none_match"
                ),
                (
                    "[\(good),\(Self.element("x", "{}", #","if_match":"*","if_none_match":"*""#))]",
                    "400 invalid-precondition", "/1"
                ),
                ("[\(good),\(Self.element("taken", #"{"a":2}"#))]", "409 change-id-reused", "/1/id"),
                ("[\(good),\(Self.element("good", #"{"a":2}"#))]", "409 change-id-reused", "/1/id"),
                ("[\(good),\(Self.element("k~3"))]", "410 client-unknown", "/1/id"),
                ("[\(good),\(Self.element("01890000-0000-7abc-8abc-0123456789ab"))]", "410 change-too-old", "/1/id"),
            ]
            for (body, refusal, pointer) in cases {
                let answer = try await system.batch(body)
                #expect(answer.refusal == refusal, "\(body)")
                #expect(answer.member("pointer")?.stringValue == pointer, "\(body): \(answer.text)")
            }
            let malformed = try await system.batch("[\(good),")
            #expect(malformed.refusal == "400 malformed-json")
            #expect(malformed.member("offset")?.integerValue == good.utf8.count + 2)
            #expect(
                try await system.send(
                    "PUT", "/v1/apps/board/changes", headers: [("Content-Type", ChangeType.merge.rawValue)],
                    body: Array("[]".utf8)
                )
                .refusal == "415 unsupported-change-type")
            #expect(try await system.settled().text == #"{"a":1}"#)
            #expect(try await system.get("/v1/apps/board").member("tail")?.integerValue == 1)
            #expect(first.status == 201)
        }
    }

    @Test("Preconditions in a batch work as the headers do")
    func preconditions() async throws {
        try await withCistern { system in
            let answer = try await system.batch(
                Self.batch(
                    Self.element("b1", #"{"a":1}"#, #","if_none_match":"*""#),
                    Self.element("b2", #"{"a":2}"#, #","if_none_match":"*""#),
                    Self.element("b3", #"{"b":1}"#, #","if_match":"*""#))
            )
            let epoch = answer.json[0]?["epoch"]?.stringValue ?? ""
            try await system.untilMerged()
            #expect(try await system.settled().text == #"{"a":1,"b":1}"#)
            #expect(try await system.get("/v1/apps/board/changes/b2").member("reason")?["status"]?.integerValue == 412)
            _ = try await system.batch("[\(Self.element("b4", #"{"a":4}"#, #","if_match":"W/\"\#(epoch)-3\"""#))]")
            #expect(try await system.settled().text == #"{"a":4,"b":1}"#)
            // The same change by PUT and in a batch is the same change.
            #expect(
                try await system.push(#"{"a":4}"#, id: "b4", headers: [("If-Match", "\"\(epoch)-3\"")]).status == 200)
        }
    }

    @Test("A batch takes 1,000 changes and 8 MiB, and not one more")
    func limits() async throws {
        try await withCistern { system in
            func batch(_ count: Int) -> String {
                "[" + (1...count).map { Self.element("b\($0)") }.joined(separator: ",") + "]"
            }
            let tooMany = try await system.batch(batch(1_001))
            #expect(tooMany.refusal == "413 batch-too-large")
            #expect(tooMany.member("limit")?.integerValue == 1_000)
            let answer = try await system.batch(batch(1_000))
            #expect(answer.status == 200)
            #expect(answer.json[999]?["position"]?.integerValue == 1_000)

            let limit = 8 << 20
            let filled = batch(10).dropLast() + String(repeating: " ", count: limit - batch(10).utf8.count) + "]"
            #expect(try await system.batch(String(filled)).status == 200)
            // By hand: the server answers before it has read everything, which not every client takes well.
            let tooLarge = try await system.bucket.raw(
                "PUT /v1/apps/board/changes HTTP/1.1",
                ["Content-Type: application/json", "Content-Length: \(limit + 1)"], body: filled + " ")
            #expect(tooLarge.hasPrefix("HTTP/1.1 413") && tooLarge.contains("/problems/batch-too-large"), "\(tooLarge)")
            #expect(tooLarge.contains(#""limit":\#(limit)"#))

            let large = Self.element("large", "{\"a\":\"\(String(repeating: "x", count: 1 << 20))\"}")
            let refused = try await system.batch("[\(large)]")
            #expect(refused.refusal == "413 change-too-large")
            #expect(refused.member("pointer")?.stringValue == "/0/change")
        }
    }

    @Test("Depth counts from each change, not from the batch")
    func depth() async throws {
        try await withCistern { system in
            #expect(try await system.batch("[\(Self.element("b1", "{\"a\":\(nestedArrays(127))}"))]").status == 200)
            // Too deep is the same however it comes, in canonical order or not.
            for depth in 128...131 {
                for change in ["{\"a\":\(nestedArrays(depth))}", "{ \"b\":1,\"a\":\(nestedArrays(depth))}"] {
                    let batch = try await system.batch("[\(Self.element("b2", change))]")
                    #expect(batch.refusal == "400 malformed-json")
                    #expect(try await system.push(change, id: "c2").refusal == "400 malformed-json")
                }
            }
        }
    }
}
