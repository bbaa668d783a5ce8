import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Push: what is refused, and in which order", .timeLimit(.minutes(20)))
struct PushRefusalTests {
    @Test("Ids that are none are refused; ids at their limits are not")
    func ids() async throws {
        try await withCistern { system in
            let long = String(repeating: "x", count: 128)
            for id in [long, "0", "A.b_c~d-e", "c~x", "%63%31", "c~1"] {
                #expect(try await system.push("{}", id: id, to: "ids").status == 201, "\(id)")
            }
            #expect(try await system.push("{}", id: "c1", to: "ids").status == 200, "percent-encoding is decoded once")
            #expect(try await system.push("{}", id: "c", to: long).status == 201)
            for id in [
                long + "x", "-a", ".", "~1", "a%2Fb", "a%00", "a%20b", "%C3%A9", "a:b", "a@b", "c~0", "c~01",
                "c~9007199254740992", "%2563",
            ] {
                #expect(try await system.push("{}", id: id, to: "ids").refusal == "400 invalid-id", "\(id)")
                if !id.contains("~") {
                    #expect(try await system.push("{}", id: "c", to: id).refusal == "400 invalid-id", "app \(id)")
                    #expect(try await system.state(of: id).refusal == "400 invalid-id", "app \(id)")
                }
            }
            for id in ["a%", "a%4", "a%zz", "%FF"] {
                let answer = try await system.bucket.raw(
                    "PUT /v1/apps/board/changes/\(id) HTTP/1.1",
                    ["Content-Type: application/json", "Content-Length: 2"], body: "{}")
                #expect(
                    answer.hasPrefix("HTTP/1.1 404") && answer.contains("/problems/not-found"),
                    "\(id): \(answer.prefix(80))")
            }
        }
    }

    @Test("JSON that is not strict is refused with the byte where it goes wrong")
    func malformed() async throws {
        try await withCistern { system in
            let cases: [(String, Int)] = [
                ("", 0), ("{", 1), (#"{"a":1,}"#, 7), (#"{"a":1} x"#, 8), (#"{"a":01}"#, 5), (#"{"a":1,"a":2}"#, 7),
                (#"{"a":1,"\u0061":2}"#, 7), (#"{"a":"\ud800"}"#, 6), ("\u{FEFF}{}", 0), ("nul", 3), ("{'a':1}", 1),
                ("[1,]", 3), ("{\"a\":\"\t\"}", 6), (#"{"a":+1}"#, 5), (#"{"a":.5}"#, 5), (#"{"a":NaN}"#, 5),
            ]
            for (body, offset) in cases {
                let answer = try await system.push(body, id: "c1")
                #expect(answer.refusal == "400 malformed-json", "\(body)")
                #expect(answer.member("offset")?.integerValue == offset, "\(body): \(answer.text)")
            }
            let notUTF8 = try await system.send(
                "PUT", "/v1/apps/board/changes/c1", headers: [("Content-Type", "application/json")],
                body: Array(#"{"a":""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8))
            #expect(notUTF8.refusal == "400 malformed-json")
            #expect(try await system.state().refusal == "404 unknown-app")
        }
    }

    @Test("Depth 128 and numbers of 1,000 characters are taken, one more is not")
    func depthAndNumbers() async throws {
        try await withCistern { system in
            let deep = try await system.outcome("{\"a\":\(nestedArrays(127))}", id: "deep")
            #expect(deep == "applied")
            #expect(try await system.push("{\"a\":\(nestedArrays(128))}", id: "deeper").refusal == "400 malformed-json")
            #expect(try await system.push(nestedArrays(100_000), id: "deepest").refusal == "400 malformed-json")
            let digits = String(repeating: "9", count: 1_000)
            #expect(try await system.outcome("{\"n\":\(digits)}", id: "long") == "applied")
            #expect(try await system.push("{\"n\":\(digits)9}", id: "longer").refusal == "400 malformed-json")
            #expect(try await system.settled().json["n"]?.numberSpelling == digits)
        }
    }

    @Test("A patch that is none is refused with a pointer to where")
    func invalidPatch() async throws {
        try await withCistern { system in
            let cases: [(String, ChangeType, String)] = [
                ("{}", .patch, ""), ("[1]", .patch, "/0"), (#"[{"path":"/a"}]"#, .patch, "/0"),
                (#"[{"op":"test","path":"","value":{}},{"op":"nonsense","path":"/a"}]"#, .patch, "/1/op"),
                (#"[{"op":"add","path":"a","value":1}]"#, .patch, "/0/path"),
                (#"[{"op":"add","path":"/a~2","value":1}]"#, .patch, "/0/path"),
                (#"[{"op":"add","path":"/a"}]"#, .patch, "/0"), (#"[{"op":"move","path":"/a"}]"#, .patch, "/0"),
                (#"[{"op":"increment","path":"/a","value":1}]"#, .patch, "/0/op"),
                (#"[{"op":"increment","path":"/a","value":"1"}]"#, .cistern, "/0/value"),
                (#"[{"op":"union","path":"/a","value":1}]"#, .cistern, "/0/value"),
            ]
            for (body, type, pointer) in cases {
                let answer = try await system.push(body, type, id: "c1")
                #expect(answer.refusal == "400 invalid-patch", "\(body)")
                #expect(answer.member("pointer")?.stringValue == pointer, "\(body): \(answer.text)")
            }
        }
    }

    @Test("Other media types, and none, are refused with the list of those that are taken")
    func mediaTypes() async throws {
        try await withCistern { system in
            for type in ["text/plain", "application/json; charset=latin1", "nonsense", "application/merge-patch", nil] {
                let answer = try await system.send(
                    "PUT", "/v1/apps/board/changes/c1", headers: type.map { [("Content-Type", $0)] } ?? [],
                    body: Array("{}".utf8))
                #expect(answer.refusal == "415 unsupported-change-type", "\(type ?? "none")")
                for name in ["merge-patch+json", "json-patch+json", "vnd.cistern.patch+json"] {
                    #expect(answer["Accept"]?.contains("application/\(name)") == true)
                }
            }
            for type in ["APPLICATION/Merge-Patch+JSON", "application/merge-patch+json;charset=\"utf-8\""] {
                let answer = try await system.send(
                    "PUT", "/v1/apps/board/changes/c1", headers: [("Content-Type", type)], body: Array("{}".utf8))
                #expect(answer.status < 300, "\(type)")
            }
        }
    }

    @Test("A change of 1 MiB is taken and one byte more is not, announced or in chunks", arguments: [false, true])
    func size(_ isChunked: Bool) async throws {
        try await withCistern { system in
            func change(_ bytes: Int) -> [UInt8] {
                Array(#"{"a":""#.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: bytes - 8) + Array(#""}"#.utf8)
            }
            func push(_ bytes: Int, _ id: String) async throws -> Answer {
                try await system.send(
                    "PUT", "/v1/apps/board/changes/\(id)", headers: [("Content-Type", "application/json")],
                    body: change(bytes),
                    isChunked: isChunked)
            }
            let limit = 1 << 20
            #expect(try await push(limit, "c1").status == 201)
            let length = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(limit + 1)"
            let framing = isChunked ? (String(limit + 1, radix: 16) + "\r\n", "\r\n0\r\n\r\n") : ("", "")
            let refused = try await system.bucket.raw(
                "PUT /v1/apps/board/changes/c2 HTTP/1.1", ["Content-Type: application/json", length],
                body: framing.0 + String(decoding: change(limit + 1), as: UTF8.self) + framing.1)
            #expect(refused.hasPrefix("HTTP/1.1 413") && refused.contains("/problems/change-too-large"), "\(refused)")
            #expect(refused.contains(#""limit":\#(limit)"#))
            #expect(try await system.settled().bytes.count == limit)
        }
    }

    @Test("Preconditions that cannot be read are refused")
    func preconditions() async throws {
        try await withCistern { system in
            for headers in [
                [("If-Match", "nonsense")], [("If-Match", "\"a-1\", \"a-2\"")], [("If-Match", "")],
                [("If-Match", "\"a-1")],
                [("If-None-Match", "\"a-1\"")], [("If-Match", "*"), ("If-None-Match", "*")], [("If-Match", "a-01")],
            ] {
                let answer = try await system.push("{}", id: "c1", headers: headers)
                #expect(answer.refusal == "400 invalid-precondition", "\(headers)")
            }
        }
    }

    /// A UUIDv7.
    private static func uuid(secondsFromNow offset: TimeInterval) -> String {
        let time = String(UInt64((Date.now.timeIntervalSince1970 + offset) * 1_000), radix: 16)
        let digits = String(repeating: "0", count: 12 - time.count) + time
        return "\(digits.prefix(8))-\(digits.suffix(4))-7abc-8abc-0123456789ab"
    }

    @Test(
        "Ids with a time: too old ones and ones from the future are refused, so such a change is applied at most once")
    func timed() async throws {
        try await withCistern(CisternOptions(flags: ["--repeat-window", "60s"])) { system in
            let now = Self.uuid(secondsFromNow: 0)
            let present = try await system.push("{}", id: now)
            #expect(present.status == 201)
            #expect(try await system.push("{}", id: now).status == 200)
            #expect(try await system.push("{}", id: Self.uuid(secondsFromNow: -50).uppercased()).status == 201)
            #expect(try await system.push("{}", id: Self.uuid(secondsFromNow: 290)).status == 201)
            #expect(try await system.push("{}", id: Self.uuid(secondsFromNow: -70)).refusal == "410 change-too-old")
            #expect(
                try await system.push("{}", id: Self.uuid(secondsFromNow: 310)).refusal == "400 change-from-the-future")
        }
    }

    @Test("What is checked first is answered first")
    func order() async throws {
        try await withCistern { system in
            let large = [UInt8](repeating: UInt8(ascii: "x"), count: (1 << 20) + 1)
            // By hand: some answers come before the body is read, which not every client takes well.
            func put(_ path: String, _ headers: [(String, String)], _ body: [UInt8]) async throws -> String {
                let lines = headers.map { "\($0.0): \($0.1)" } + ["Content-Length: \(body.count)"]
                let answer = try await system.bucket.raw(
                    "PUT \(path) HTTP/1.1", lines, body: String(decoding: body, as: UTF8.self))
                let status = answer.dropFirst("HTTP/1.1 ".count).prefix(3)
                return "\(status) \(answer.firstMatch(of: /\/problems\/([a-z-]+)/)?.1 ?? "no problem")"
            }
            let path = "/v1/apps/board/changes/"
            let (bad, good) = (
                [("If-Match", "x"), ("Content-Type", "text/plain")], ("Content-Type", "application/json-patch+json")
            )
            let unrouted = try await put("/v1/app/board/changes/-", bad, large)
            #expect(unrouted == "404 not-found")
            #expect(try await put(path + "-", bad, large) == "400 invalid-id")
            #expect(try await put(path + "c1", bad, large) == "415 unsupported-change-type")
            #expect(try await put(path + "c1", [("If-Match", "x"), good], large) == "400 invalid-precondition")
            #expect(try await put(path + "c1", [good], large) == "413 change-too-large")
            #expect(try await put(path + "c1", [good], Array("{".utf8)) == "400 malformed-json")
            #expect(try await put(path + "c1", [good], Array("{}".utf8)) == "400 invalid-patch")
            system.redis.pause()
            #expect(try await put(path + "c1", [good], Array("{}".utf8)) == "400 invalid-patch")
            system.redis.resume()
        }
    }

    @Test("A full backlog refuses new changes, says when to come back, and still knows repeats")
    func backlog() async throws {
        try await withCistern(CisternOptions(bucketFlags: ["--backlog-changes", "3"])) { system in
            system.merger.kill()
            for number in 1...3 { #expect(try await system.push("{}", id: "c\(number)").status == 201) }
            let refused = try await system.push("{}", id: "c4")
            #expect(refused.refusal == "429 backlog-full")
            #expect(Int(refused["Retry-After"] ?? "") == refused.member("retry_after")?.integerValue)
            #expect(try #require(refused.member("retry_after")?.integerValue) > 0)
            #expect(try await system.push("{}", id: "c3").status == 200)
            #expect(try await system.push("[]", id: "c3").refusal == "409 change-id-reused")
            let old = "01890000-0000-7abc-8abc-0123456789ab"
            #expect(try await system.push("{}", id: old).refusal == "410 change-too-old")
            let elements = ["c3", "c5"].map { #"{"id":"\#($0)","type":"application/json","change":{}}"# }
            #expect(try await system.batch("[\(elements.joined(separator: ","))]").refusal == "429 backlog-full")
            #expect(try await system.push("{}", id: "c1", to: "other").status == 201)
            try await system.merger.launch()
            try await system.untilMerged()
            #expect(try await system.push("{}", id: "c4").status == 201)
        }
    }

    @Test("Without Redis a push is answered 503 and may be sent again; afterwards it is accepted")
    func withoutRedis() async throws {
        try await withCistern { system in
            let first = try await system.push(#"{"a":1}"#, id: "c1")
            system.redis.stop()
            let refused = try await system.push(#"{"a":2}"#, id: "c2")
            #expect(refused.refusal == "503 log-unavailable")
            #expect(Int(refused["Retry-After"] ?? "") ?? 0 > 0)
            #expect(try await system.get("/readyz").refusal == "503 not-ready")
            for path in ["/v1/apps", "/v1/apps/board", "/v1/apps/board/changes", "/v1/apps/board/changes/c1"] {
                #expect(try await system.get(path).refusal == "503 log-unavailable", "\(path)")
            }
            #expect(try await system.send("DELETE", "/v1/apps/board").refusal == "503 log-unavailable")
            #expect(try await system.get("/healthz").status == 200)
            try await system.redis.launch()
            try await eventually("the same push is accepted") {
                try await system.push(#"{"a":2}"#, id: "c2").status / 100 == 2
            }
            #expect(try await system.push(#"{"a":1}"#, id: "c1").position != nil)
            #expect(first.status == 201)
            #expect(try await system.settled().text == #"{"a":2}"#)
        }
    }
}
