import AsyncHTTPClient
package import Documents
package import NIOCore
package import NIOHTTP1
import TestSupport

/// An answer as it came.
package struct Answer: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let bytes: [UInt8]

    package init(status: Int, headers: HTTPHeaders, bytes: [UInt8]) {
        self.status = status
        self.headers = headers
        self.bytes = bytes
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON; null if it is none.
    package var json: Document { (try? Document(parsing: bytes, limits: ParsingLimits(depth: 200))) ?? .null }

    /// All values of a field with commas between.
    package subscript(header: String) -> String? {
        let values: [String] = headers[header]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
    /// A member of the body.
    package func member(_ name: String) -> Document? { json[name] }

    /// The kind of problem that the body is, if it is one and says the same status as the answer.
    package var problem: String? {
        guard self["Content-Type"] == "application/problem+json", member("status")?.integerValue == status,
            member("title")?.stringValue?.isEmpty == false, member("detail")?.stringValue != nil
        else { return nil }
        return member("type")?.stringValue.flatMap { $0.hasPrefix("/problems/") ? String($0.dropFirst(10)) : nil }
    }

    /// Status and slug, for comparing in one line.
    package var refusal: String { "\(status) \(problem ?? "no problem: \(text.prefix(200))")" }
    package var version: String? { self["ETag"].map { $0.replacing("\"", with: "") } }
    package var position: String? { self["Cistern-Position"] }
}

/// The media types of changes.
package enum ChangeType: String, Sendable {
    case merge = "application/merge-patch+json"
    case patch = "application/json-patch+json"
    case cistern = "application/vnd.cistern.patch+json"
}

extension TestCistern {
    /// Bytes of an answer that are read at most.
    private static let maximumAnswer = 64 << 20

    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        isChunked: Bool = false,
        to server: DaemonProcess? = nil, timeout: TimeAmount = .seconds(70)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: (server ?? self.server(for: method, path)).url + path)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            let buffer = ByteBuffer(bytes: body)
            request.body = isChunked ? .stream([buffer].async, length: .unknown) : .bytes(buffer)
        }
        let response = try await http.execute(request, timeout: timeout)
        let bytes = try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await response.body.collect(upTo: Self.maximumAnswer) }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                throw TestSupportError("The answer to \(method) \(path), \(response.status), has no end.")
            }
            return try await group.next() ?? ByteBuffer()
        }
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: Array(buffer: bytes))
    }

    /// Who is asked for a path when the daemons are apart.
    private func server(for method: String, _ path: String) -> DaemonProcess {
        let isOutcome = path.contains(/\/changes\/./)
        return ["PUT", "DELETE"].contains(method) || isOutcome ? bucket : poller
    }

    package func get(_ path: String, headers: [(String, String)] = [], from server: DaemonProcess? = nil) async throws
        -> Answer
    {
        try await send("GET", path, headers: headers, to: server)
    }

    package func push(
        _ change: String, _ type: ChangeType = .merge, id: String, to app: String = "board",
        headers: [(String, String)] = [],
        at server: DaemonProcess? = nil
    ) async throws -> Answer {
        try await send(
            "PUT", "/v1/apps/\(app)/changes/\(id)", headers: [("Content-Type", type.rawValue)] + headers,
            body: Array(change.utf8),
            to: server)
    }

    /// Pushes and waits for the outcome: `applied`, or the slug of the reason why not.
    package func outcome(
        _ change: String, _ type: ChangeType = .merge, id: String, to app: String = "board",
        headers: [(String, String)] = []
    )
        async throws -> String
    {
        let answer = try await push(change, type, id: id, to: app, headers: headers + [("Prefer", "wait=20")])
        guard answer.status == 201 || answer.status == 200 else { return answer.refusal }
        let status = answer.member("status")?.stringValue ?? "no status"
        guard status == "rejected" else { return status }
        return answer.member("reason")?["type"]?.stringValue?.replacing("/problems/", with: "") ?? "no reason"
    }

    package func batch(_ changes: String, to app: String = "board", headers: [(String, String)] = []) async throws
        -> Answer
    {
        try await send(
            "PUT", "/v1/apps/\(app)/changes", headers: [("Content-Type", "application/json")] + headers,
            body: Array(changes.utf8))
    }

    package func state(
        of app: String = "board", _ query: String = "", headers: [(String, String)] = [],
        from server: DaemonProcess? = nil
    ) async throws -> Answer {
        try await get("/v1/apps/\(app)/state\(query)", headers: headers, from: server)
    }

    /// The state with everything that was acknowledged so far.
    package func settled(_ app: String = "board", from server: DaemonProcess? = nil) async throws -> Answer {
        try await untilMerged(app)
        let position = try await get("/v1/apps/\(app)").member("position")?.integerValue ?? 0
        let epoch = try await get("/v1/apps/\(app)").member("epoch")?.stringValue ?? ""
        return try await state(of: app, "?at_least=\(epoch)-\(position)", from: server)
    }

    /// Waits until nothing that was pushed waits to be merged.
    package func untilMerged(_ app: String = "board") async throws {
        try await eventually(within: .seconds(30), "nothing of \(app) is pending") {
            try await get("/v1/apps/\(app)").member("pending")?.integerValue == 0
        }
    }
}

extension [ByteBuffer] {
    /// As an asynchronous sequence.
    fileprivate var async: AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for buffer in self { continuation.yield(buffer) }
            continuation.finish()
        }
    }
}

/// Empty arrays in each other.
package func nestedArrays(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
}
