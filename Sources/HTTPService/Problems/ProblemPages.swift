// The pages behind a problem's `type`: `/problems` lists all of them, `/problems/<slug>` explains one.

import HTTPTypes
import Hummingbird
import NIOCore

package struct ProblemPages: RouteProvider {
    package init() {}

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/problems", action: .open) { _ in Self.answer(Self.index) }
        routes.on(.get, "/problems/{problem}", action: .open) { call in
            let slug = try call.parameter("problem")
            guard let kind = ProblemKind(rawValue: slug) else {
                throw Problem(.notFound, "No kind of problem has this name; /problems lists all of them.")
            }
            return Self.answer(Self.page(for: kind))
        }
    }

    private static func answer(_ page: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "max-age=3600"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page)))
    }

    static func page(for kind: ProblemKind) -> String {
        frame(
            title: kind.title,
            """
            <h1>\(kind.title)</h1>
            <p><code>\(kind.slug)</code> · status \(kind.status.code) \(kind.status.reasonPhrase)</p>
            <p>\(kind.explanation)</p>
            <p><a href="/problems">All problems</a></p>
            """)
    }

    static var index: String {
        let rows = ProblemKind.allCases.map {
            "<tr><td>\($0.status.code)<td><a href=\"\($0.type)\"><code>\($0.slug)</code></a><td>\($0.title)"
        }
        return frame(title: "Problems", "<h1>Problems</h1>\n<table>\n\(rows.joined(separator: "\n"))\n</table>")
    }

    /// All text comes from this module's own tables, so nothing has to be escaped.
    private static func frame(title: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>\(title)</title>
        <style>body{font:1rem/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}td{padding:.1rem .6rem .1rem 0}</style>
        \(body)
        </html>

        """
    }
}
