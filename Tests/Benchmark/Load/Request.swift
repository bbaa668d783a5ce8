import NIOCore

/// The bytes of a request, the same for every server that is compared.
enum Request {
    static func get(_ path: String, ifNoneMatch: String? = nil, _ fields: String...) -> ByteBuffer {
        var text = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if let ifNoneMatch { text += "If-None-Match: \(ifNoneMatch)\r\n" }
        for field in fields { text += "\(field)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    static func put(_ path: String, type: String, _ body: String, _ fields: String...) -> ByteBuffer {
        send("PUT", path, type, body, fields)
    }

    static func post(_ path: String, type: String, _ body: String) -> ByteBuffer { send("POST", path, type, body, []) }

    static func delete(_ path: String) -> ByteBuffer {
        ByteBuffer(string: "DELETE \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    }

    private static func send(
        _ method: String, _ path: String, _ type: String, _ body: String, _ fields: [String]
    ) -> ByteBuffer {
        ByteBuffer(
            string: "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\n"
                + fields.map { "\($0)\r\n" }.joined() + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    static let json = "application/json"
    static let mergePatch = "application/merge-patch+json"
    static let jsonPatch = "application/json-patch+json"

    static func state(of application: String) -> String { "/v1/apps/\(application)/state" }

    static func socket(of application: String) -> String { "/v1/apps/\(application)/socket" }

    static func operation(_ id: String, of application: String) -> String { "/v1/apps/\(application)/operations/\(id)" }

    static func change(_ id: String, of application: String) -> String { "/v1/apps/\(application)/changes/\(id)" }
}
