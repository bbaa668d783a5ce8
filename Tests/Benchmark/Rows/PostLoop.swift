// The peer of deliveries: posts the same bytes over and over with the courier's HTTP client, and nothing besides. A process of its own, so
// that it runs by turns with the courier on the same core.

import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

struct PostLoop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "post", abstract: "Posts a body over and over (used by compare).", shouldDisplay: false)

    @Argument(help: "URL, to which the number of the endpoint is added.")
    var url: String
    @Argument(help: "Endpoints, by turns.")
    var endpoints: Int
    @Argument(help: "Posts in all.")
    var count: Int
    @Argument(help: "Posts at the same time.")
    var atOnce: Int
    @Argument(help: "File with the body.")
    var file: String

    func run() async throws {
        let body = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: file)))
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = atOnce
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        try await withThrowingTaskGroup { group in
            for first in 0..<atOnce {
                group.addTask {
                    for number in stride(from: first, to: count, by: atOnce) { try await post(number, body, client) }
                }
            }
            try await group.waitForAll()
        }
        try await client.shutdown()
    }

    private func post(_ number: Int, _ body: ByteBuffer, _ client: HTTPClient) async throws {
        var request = HTTPClientRequest(url: "\(url)\(number % endpoints)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Cistern/0.1.0")
        request.headers.add(name: "Webhook-Id", value: "0-0123456789abcdef0123456789abcdef")
        request.headers.add(name: "Webhook-Timestamp", value: "1700000000")
        request.headers.add(name: "Webhook-Signature", value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")
        request.body = .bytes(body)
        let response = try await client.execute(request, timeout: .seconds(15))
        guard response.status == .noContent else { throw Wrong("A post is answered \(response.status).") }
    }
}
