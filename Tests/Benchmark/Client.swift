import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Bare requests: nothing of the program under test is used to measure it.
struct Client: Sendable {
    let url: String
    private let http = HTTPClient.shared

    /// Longer than anything that is measured.
    private static let timeout: TimeAmount = .seconds(30)

    struct Answer {
        let status: Int
        let etag: String?
        let body: ByteBuffer
    }

    /// Bytes of an answer that are read at most.
    private static let maximumBytes = 16 << 20

    func send(
        _ method: String, _ path: String, type: String? = nil, ifNoneMatch: String? = nil, body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        if let type { request.headers.add(name: "Content-Type", value: type) }
        if let ifNoneMatch { request.headers.add(name: "If-None-Match", value: ifNoneMatch) }
        if let body { request.body = .bytes(body) }
        let response = try await http.execute(request, timeout: Self.timeout)
        return Answer(
            status: Int(response.status.code), etag: response.headers.first(name: "ETag"),
            body: try await response.body.collect(upTo: Self.maximumBytes))
    }

    func push(_ patch: String, type: String, id: String, to application: String) async throws {
        let answer = try await send("PUT", "/v1/apps/\(application)/changes/\(id)", type: type, body: Array(patch.utf8))
        guard answer.status == 201 else {
            throw Wrong("A push was answered \(answer.status): \(String(buffer: answer.body))")
        }
    }

    func poll(_ application: String, known: String? = nil) async throws -> Answer {
        try await send("GET", "/v1/apps/\(application)/state", ifNoneMatch: known)
    }
}
