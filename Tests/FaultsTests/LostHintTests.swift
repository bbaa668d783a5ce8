import AsyncHTTPClient
import Documents
import NIOPosix
import Relays
import SystemSupport
import TestSupport
import Testing

@testable import cistern_faults

@Suite("Servers without hints", .timeLimit(.minutes(2)))
struct LostHintTests {
    @Test("A server that has just found no such application looks again for a client that has a version of it")
    func unknown() async throws {
        let cistern = try await FaultyCistern.start(Shape(), without: nil, on: MultiThreadedEventLoopGroup.singleton)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .forTests)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await comeLate(to: cistern, http)) } catch { outcome = .failure(error) }
        try await http.shutdown()
        await cistern.stop()
        try outcome.get()
    }

    private func comeLate(to cistern: FaultyCistern, _ http: HTTPClient) async throws {
        let requests = Requests(http: http, application: "a")
        for relay in cistern.redisRelays { relay.trouble.change { $0.dropsHints = true } }
        let (bucket, late, early) = (cistern.buckets[0], cistern.pollers[0], cistern.pollers[1])
        try await eventually("servers are ready") {
            guard await requests.poll(having: nil, at: late)?.status == 404 else { return false }
            return await requests.push("x", at: bucket)?.status == 201
        }
        let again = try #require(await requests.push("x", at: bucket))
        let receipt = try #require(Token(again.member("receipt")?.stringValue))
        let seen = try #require(await requests.poll("?at_least=\(receipt)", having: nil, at: early))
        #expect(seen.status == 200)
        let answer = await requests.poll(having: Token(seen.version), at: late)
        #expect(answer?.status == 304)
    }
}
