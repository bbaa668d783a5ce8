import AsyncHTTPClient
import Documents
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// One session of chromedriver: requests of the WebDriver protocol (W3C), and some of Chrome's own.
struct WebDriver: Sendable {
    private let session: String

    /// What a page may take for an answer; scripts wait for conditions in short steps, so this is for a browser that hangs.
    private static let patience = TimeAmount.seconds(60)
    /// A picture of a page, in base64.
    private static let maximumAnswer = 64 << 20

    /// Opens a session: starts a browser.
    init(driver: String, capabilities: Document) async throws {
        let answer = try await Self.send(.POST, "\(driver)/session", .object([("capabilities", capabilities)]))
        guard let id = answer["sessionId"]?.stringValue else {
            throw TestSupportError("chromedriver opened no session: \(answer)")
        }
        session = "\(driver)/session/\(id)"
    }

    /// - Returns: The member `value` of the answer.
    @discardableResult
    func post(_ path: String, _ body: [(String, Document)] = []) async throws -> Document {
        try await Self.send(.POST, "\(session)/\(path)", .object(body))
    }

    @discardableResult
    func get(_ path: String) async throws -> Document { try await Self.send(.GET, "\(session)/\(path)") }

    @discardableResult
    func delete(_ path: String = "") async throws -> Document {
        try await Self.send(.DELETE, path.isEmpty ? session : "\(session)/\(path)")
    }

    /// A command of the Chrome DevTools protocol for the window that commands go to.
    @discardableResult
    func devTools(_ command: String, _ parameters: [(String, Document)] = []) async throws -> Document {
        try await post(
            "goog/cdp/execute", [("cmd", .string(command)), ("params", .object(parameters))])
    }

    private static func send(_ method: HTTPMethod, _ url: String, _ body: Document? = nil) async throws -> Document {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.encoded()))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: patience)
        let bytes = try await response.body.collect(upTo: maximumAnswer)
        let answer = try Document(parsing: Array(buffer: bytes), limits: ParsingLimits(depth: 200))
        guard response.status == .ok, let value = answer["value"] else {
            let problem = answer["value"]
            throw TestSupportError(
                "\(method) \(url): \(problem?["error"]?.stringValue ?? "\(response.status)"): \(problem?["message"]?.stringValue ?? "")"
            )
        }
        return value
    }
}
