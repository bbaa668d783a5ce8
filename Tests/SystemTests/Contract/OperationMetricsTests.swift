import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("What operators see of operations", .timeLimit(.minutes(20)))
struct OperationMetricsTests {
    @Test("Merge daemons tell how many operations wait, what became of the others, and what is not said yet in states")
    func figures() async throws {
        try await withCistern(CisternOptions(mergeDaemons: 1)) { system in
            system.merger.kill()
            for (id, kind) in [("a", "export"), ("b", "export"), ("c", "export"), ("d", "import"), ("e", "import")] {
                _ = try await system.operate(
                    "PUT", id, #"{"kind":"\#(kind)","attempts":1,"publish":"/jobs/\#(id)"}"#)
            }
            func lease() async throws -> [(String, String)] {
                [("Lease-Token", try #require(try await system.claim()?["lease"]?["token"]?.stringValue))]
            }
            _ = try await system.operate("PUT", "a/result", "x", headers: try await lease(), type: "text/plain")
            for isRetryable in [true, false] {
                _ = try await system.operate(
                    "POST", isRetryable ? "b:fail" : "c:fail", #"{"error":{},"retryable":\#(isRetryable)}"#,
                    headers: try await lease())
            }
            #expect(try await system.operate("POST", "b:retry").status == 202)
            _ = try await system.operate("POST", "d:cancel")
            try await system.merger.launch()
            func metric(_ name: String) async throws -> Int { try await system.metric(name, at: system.merger) }
            // It counts every ten seconds.
            try await eventually(within: .seconds(30), poll: .milliseconds(50), "all are counted") {
                for (step, count) in [
                    ("created", 5), ("claimed", 3), ("retried", 1), ("succeeded", 1), ("failed", 1), ("cancelled", 1),
                    ("dead", 1),
                ] { guard try await metric(#"cistern_operations{step="\#(step)"}"#) == count else { return false } }
                let waiting = try await [
                    metric(#"cistern_operations_waiting{kind="export"}"#),
                    metric(#"cistern_operations_waiting{kind="import"}"#),
                ]
                // a: 3, b: 4, c: 3, d: 2, e: 1.
                let published = try await metric("cistern_operation_publications_total")
                let untold = try await metric("cistern_operations_unpublished")
                return waiting == [1, 1] && published == 13 && untold == 0
            }
        }
    }
}
