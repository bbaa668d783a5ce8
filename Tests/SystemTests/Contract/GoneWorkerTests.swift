import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Workers that go while they wait", .timeLimit(.minutes(20)))
struct GoneWorkerTests {
    @Test(
        "What is claimed in the moment in which its worker goes is given back: the next one has it at once, as its first attempt"
    )
    func gone() async throws {
        try await withCistern { system in
            for round in 1...40 {
                let leaving = Task { try await system.claim(#","wait_s":30"#) }
                // It waits by then, as a rule.
                try await Task.sleep(for: .milliseconds(30))
                async let made = system.operate("PUT", "e\(round)", #"{"kind":"export"}"#)
                try await Task.sleep(for: .microseconds(round * 100))
                leaving.cancel()
                #expect(try await made.status == 201)
                if let item = try? await leaving.value {
                    // It was quicker.
                    #expect(item["attempt"]?.integerValue == 1)
                } else {
                    let item = try await system.claim(#","wait_s":5"#)
                    try #require(item?["attempt"]?.integerValue == 1, "round \(round)")
                }
            }
        }
    }
}
