import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Long-running operations in the state", .timeLimit(.minutes(20)))
struct PublishedOperationTests {
    @Test("Whoever polls the state sees the operation move")
    func whole() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export","publish":"/jobs/export"}"#)
            try await system.sees(#"{"status":"queued"}"#)
            let lease = [("Lease-Token", try #require(try await system.claim()?["lease"]?["token"]?.stringValue))]
            try await system.sees(#"{"status":"running"}"#)
            _ = try await system.operate("POST", "e1:heartbeat", #"{"progress":{"percent":40}}"#, headers: lease)
            try await system.sees(#"{"progress":{"percent":40},"status":"running"}"#)
            _ = try await system.operate("PUT", "e1/result", "x", headers: lease, type: "text/plain")
            try await eventually("the result is there") {
                try await system.job()?["result"]?["href"]?.stringValue == "/v1/apps/board/operations/e1/result"
            }
            // Five statuses and one progress at most, each once.
            let log = try await system.get("/v1/apps/board")
            #expect(log.member("tail")?.integerValue == 4)
        }
    }

    @Test("A worker that is not heard of is seen in the state, although nobody asks")
    func silence() async throws {
        try await withCistern { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export","publish":"/jobs/export","attempts":1}"#)
            _ = try await system.claim(#","lease_s":1"#)
            try await system.sees(#"{"status":"dead"}"#)
        }
    }
}

extension TestCistern {
    fileprivate func job() async throws -> Document? {
        let answer = try await state()
        return answer.status == 200 ? answer.json["jobs"]?["export"] : nil
    }

    fileprivate func sees(_ text: String) async throws {
        try await eventually("the state has \(text)") { try await self.job()?.text == text }
    }
}
