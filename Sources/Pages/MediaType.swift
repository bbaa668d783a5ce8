// What a file is, by the end of its name.

enum MediaType {
    private static let known = [
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        // RFC 9239.
        "js": "text/javascript; charset=utf-8",
        // No registered type; browsers do not load it, editors do.
        "ts": "text/plain; charset=utf-8",
        "json": "application/json",
        "svg": "image/svg+xml",
        "txt": "text/plain; charset=utf-8",
        "webmanifest": "application/manifest+json",
    ]

    /// Bytes of no known kind are for saving, never for showing.
    static func of(_ path: String) -> String {
        path.lastIndex(of: ".").flatMap { known[String(path[path.index(after: $0)...])] } ?? "application/octet-stream"
    }
}
