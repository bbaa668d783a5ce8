import CisternClient
import SystemSupport
import TestSupport
import Testing

/// The Swift client and servers that ask for tokens.
@Suite("Clients with tokens", .timeLimit(.minutes(10)))
struct ClientTokenTests {
    @Test("A live application brings its token by every way, its handshake included", arguments: Way.allCases)
    func live(_ way: Way) async throws {
        try await withKeys { system, keyring in
            let token = try keyring.token("push:board poll:board")
            let board = try CisternClient(url: system.poller.url, token: token).open("board", ways: [way])
            try await board.push(.merge(#"{"a":1}"#))
            try await eventually(within: .seconds(20), "the state comes by \(way)") {
                board.status.way == way && board.state?.json?.description == #"{"a":1}"#
            }
            await board.close()
        }
    }

    @Test("Without a token, or with one for another application, a request is refused and says why")
    func refused() async throws {
        try await withKeys { system, keyring in
            for (token, slug) in [(nil, "unauthenticated"), (try keyring.token("poll:other"), "forbidden")] {
                let client = try CisternClient(url: system.poller.url, token: token)
                let error = await #expect(throws: CisternError.self) {
                    _ = try await client.application("board").state()
                }
                guard case .refused(let problem)? = error else {
                    throw TestSupportError("\(String(describing: error))")
                }
                #expect(problem.slug == slug)
            }
        }
    }
}
