import SystemSupport
import Testing

@Suite("The circle", .timeLimit(.minutes(20)))
struct CircleTests {
    @Test("What is pushed is seen by polling", arguments: [CisternOptions.Layout.front, .split])
    func circle(_ layout: CisternOptions.Layout) async throws {
        try await withCistern(CisternOptions(layout: layout)) { system in
            let pushed = try await system.push(#"{"title":"Plan"}"#, id: "c1")
            #expect(pushed.status == 201, "\(pushed.text)")
            let state = try await system.settled()
            #expect(state.text == #"{"title":"Plan"}"#)
        }
    }
}
