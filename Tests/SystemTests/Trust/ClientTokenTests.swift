import CisternClient
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

/// The Swift client and servers that ask for tokens.
@Suite("Clients with tokens", .timeLimit(.minutes(20)))
struct ClientTokenTests {
    @Test("A live application brings its token by every way, its handshake included", arguments: Way.allCases)
    func live(_ way: Way) async throws {
        try await withKeys { system, keyring in
            let token = try keyring.token("push:board poll:board")
            let board = try CisternClient(url: system.poller.url, token: token).open("board", ways: [way])
            try await eventually(within: .seconds(20), "it is let in") { board.status.phase == .live }
            try await board.push(.merge(#"{"a":1}"#))
            try await eventually(within: .seconds(20), "the state comes by \(way)") {
                board.status.way == way && board.state?.json?.description == #"{"a":1}"#
            }
            await board.close()
        }
    }

    @Test("When a token expires, a live application goes on with the next one", arguments: [Way.socket, .events])
    func renewed(_ way: Way) async throws {
        try await withKeys { system, keyring in
            let given = Atomic(0)
            let client = try CisternClient(
                url: system.poller.url,
                token: {
                    given.add(1, ordering: .relaxed)
                    return try keyring.token("push:board poll:board", lifetime: 3)
                })
            let board = try client.open("board", ways: [way])
            try await board.push(.merge(#"{"a":1}"#))
            try await eventually(within: .seconds(20), "the state comes") { board.status.phase == .live }
            let before = given.load(ordering: .relaxed)
            try await eventually(within: .seconds(20), "it asks for another token and is live again") {
                given.load(ordering: .relaxed) > before && board.status.phase == .live
            }
            try await board.push(.merge(#"{"b":2}"#))
            try await eventually(within: .seconds(20), "the state comes by \(way)") {
                board.status.way == way && board.state?.json?.description == #"{"a":1,"b":2}"#
            }
            await board.close()
        }
    }

    @Test(
        "A change outside of what its token allows is refused, and keeps nothing behind it waiting",
        arguments: Way.allCases)
    func stray(_ way: Way) async throws {
        try await withKeys { system, keyring in
            let client = try CisternClient(
                url: system.poller.url, token: keyring.token("push:board#/mine poll:board"))
            let board = try client.open("board", ways: [way])
            try await eventually(within: .seconds(20), "it is live") { board.status.phase == .live }
            let refused = Task { try await board.push(.merge(#"{"theirs":1}"#)) }
            _ = try await board.push(.merge(#"{"mine":1}"#))
            await #expect(throws: (any Error).self) { try await refused.value }
            try await eventually(within: .seconds(20), "what is allowed is there") {
                board.state?.json?.description == #"{"mine":1}"#
            }
            await board.close()
        }
    }

    @Test(
        "By TLS a live application comes by every way, if the server is one of its authorities'",
        arguments: Way.allCases)
    func encrypted(_ way: Way) async throws {
        let certificates = try Certificates()
        defer { certificates.folder.remove() }
        let files = try certificates.issue("server", serial: 1)
        try await withKeys { system, keyring in
            let front = try await system.encrypted(files, keyring)
            defer { front.kill() }
            let token = try keyring.token("push:board poll:board")
            let url = "https://localhost:\(front.port)"
            let authorities = try Array(Data(contentsOf: URL(filePath: certificates.authority)))
            let board = try CisternClient(url: url, token: token, authorities: authorities).open("board", ways: [way])
            try await board.push(.merge(#"{"a":1}"#))
            try await eventually(within: .seconds(20), "the state comes by \(way)") {
                board.status.way == way && board.state?.json?.description == #"{"a":1}"#
            }
            await board.close()
            // This machine knows nothing of that authority.
            let stranger = try CisternClient(url: url, token: token, retry: RetryPolicy(deadline: .zero))
            let error = await #expect(throws: CisternError.self) {
                _ = try await stranger.application("board").state()
            }
            guard case .unreachable? = error else { throw TestSupportError("\(String(describing: error))") }
            let blind = try stranger.open("board", ways: [.socket])
            try await eventually(within: .seconds(20), "the socket is not opened") { blind.status.problem != nil }
            #expect(blind.status.phase != .live)
            await blind.close()
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

extension TestCistern {
    /// A front beside the others that speaks TLS and asks for tokens.
    fileprivate func encrypted(
        _ files: (certificate: String, key: String), _ keyring: TestKeyring
    ) async throws -> DaemonProcess {
        let memcached = memcacheds.map { "unix://\($0.address)" }.joined(separator: ",")
        let front = DaemonProcess(
            .front,
            options: [
                "--redis-url", redis.url, "--memcached", memcached, "--keys", keyring.path, "--tls-certificate",
                files.certificate, "--tls-key", files.key,
            ], logFile: redis.folder + "/tls.log")
        try await front.launch()
        return front
    }
}
