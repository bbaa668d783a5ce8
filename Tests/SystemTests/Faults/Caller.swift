import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SystemSupport

/// Plain HTTP requests, each tried once: what a fault does to a request is for the test to see.
struct Caller: Sendable {
    let http: HTTPClient
    /// Longer than any daemon lets a request wait for Redis.
    var timeout: TimeAmount = .seconds(10)

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: String

        func header(_ name: String) -> String? { headers.first(name: name) }

        /// A member of the body that is a string.
        func member(_ name: String) -> String? {
            let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            return object?[name] as? String
        }
    }

    func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await http.execute(request, timeout: timeout)
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    func get(_ url: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send("GET", url, headers: headers)
    }
}

extension Caller {
    /// Pushes a change as a `Pusher` does, once.
    func push(
        _ id: String, to application: String, at server: String, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await send(
            "PUT", "\(server)/v1/apps/\(application)/changes/\(id)",
            headers: [("Content-Type", "application/vnd.cistern.patch+json")] + headers, body: Pusher.body(id))
    }

    /// The state that such changes have made.
    func counted(_ application: String, at server: String) async throws -> Counted {
        let answer = try await get("\(server)/v1/apps/\(application)/state")
        return try JSONDecoder().decode(Counted.self, from: Data(answer.body.utf8))
    }

    /// The sum of all series of a metric.
    func metric(_ name: String, at server: String) async throws -> Int {
        let lines = try await get("\(server)/metrics").body.split(separator: "\n")
        let own = lines.filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") || $0.hasPrefix(name + "_total") }
        return own.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.map { Int($0) }.reduce(0, +)
    }
}
