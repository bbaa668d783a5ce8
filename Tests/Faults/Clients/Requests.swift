import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SystemSupport

/// Single requests, each tried once; nil if no answer came.
struct Requests: Sendable {
    let http: HTTPClient
    let application: String

    /// Longer than any daemon lets a request wait for Redis, and than any pause.
    private static let timeout: TimeAmount = .seconds(4)
    private static let maximumAnswer = 16 << 20

    func push(_ id: String, at server: DaemonProcess) async -> Answer? {
        await send(
            "PUT", "/v1/apps/\(application)/changes/\(id)", [("Content-Type", ChangeType.cistern.rawValue)],
            Witness.change(id, to: application), at: server)
    }

    func outcome(of id: String, at server: DaemonProcess) async -> Answer? {
        await send("GET", "/v1/apps/\(application)/changes/\(id)", [("Prefer", "wait=1")], nil, at: server)
    }

    func poll(_ query: String = "", having version: Token?, wait: Int? = nil, at server: DaemonProcess) async -> Answer?
    {
        var headers: [(String, String)] = []
        if let version { headers.append(("If-None-Match", "\"\(version)\"")) }
        if let wait { headers.append(("Prefer", "wait=\(wait)")) }
        return await send("GET", "/v1/apps/\(application)/state\(query)", headers, nil, at: server)
    }

    func send(
        _ method: String, _ path: String, _ headers: [(String, String)], _ body: String?, at server: DaemonProcess
    ) async -> Answer? {
        var request = HTTPClientRequest(url: server.url + path)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        guard let response = try? await http.execute(request, timeout: Self.timeout),
            let bytes = try? await response.body.collect(upTo: Self.maximumAnswer)
        else { return nil }
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: Array(buffer: bytes))
    }
}
