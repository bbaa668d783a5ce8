// The pages behind a problem's `type`: `/problems` lists all of them, `/problems/<slug>` explains one. Every word comes from the table,
// and links are relative, so that the pages work behind a path prefix too.

import Documents
import HTTPTypes
import Hummingbird
import NIOCore

package struct ProblemPages: RouteProvider {
    package init() {}

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/problems", action: .open) { _ in Self.answer(Self.index) }
        routes.on(.get, "/problems/style.css", action: .open) { _ in
            Self.answer(ProblemStyle.sheet, as: "text/css; charset=utf-8")
        }
        routes.on(.get, "/problems/{problem}", action: .open) { call in
            let slug = try call.parameter("problem")
            guard let kind = ProblemKind(rawValue: slug) else {
                throw Problem(.notFound, "No kind of problem has this name; /problems lists all of them.")
            }
            return Self.answer(Self.page(for: kind))
        }
    }

    private static func answer(_ text: String, as type: String = "text/html; charset=utf-8") -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "max-age=3600", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func page(for kind: ProblemKind) -> String {
        let explanation = kind.explanation
        return frame(
            title: kind.title, style: "style.css",
            """
            <p class="slug"><code>\(kind.slug)</code> <span>\(kind.status.code) \(kind.status.reasonPhrase)</span></p>
            <h1>\(escaped(kind.title))</h1>
            <h2>What it means</h2>
            <p>\(escaped(explanation.meaning))</p>
            <h2>Why</h2>
            <p>\(escaped(explanation.cause))</p>
            <h2>What to do</h2>
            <p>\(escaped(explanation.remedy))</p>
            <h2>For example</h2>
            <pre>\(escaped(exampleAnswer(of: kind)))</pre>
            <p><a href="../problems">All problems</a></p>
            """)
    }

    static var index: String {
        let rows = ProblemKind.allCases.map { kind in
            "<tr><td>\(kind.status.code)</td><td><a href=\"problems/\(kind.slug)\"><code>\(kind.slug)</code></a></td>"
                + "<td>\(escaped(kind.title))</td></tr>"
        }
        return frame(
            title: "Problems", style: "problems/style.css",
            """
            <h1>Problems</h1>
            <p>Every error is a problem document (RFC 9457). Its <code>type</code> is one of these; programs decide by it, and none is ever renamed.</p>
            <table>
            <thead><tr><th>Status</th><th>Slug</th><th>Title</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            """)
    }

    /// Status line, the fields that belong to the problem, and the document with a member on each line, those of the RFC first.
    static func exampleAnswer(of kind: ProblemKind) -> String {
        let problem = kind.example
        var lines = [
            "HTTP/1.1 \(kind.status.code) \(kind.status.reasonPhrase)", "Content-Type: \(ContentType.problem)",
        ]
        lines += problem.headers.map { "\($0.name.canonicalName): \($0.value)" }
        let first = ["type", "title", "status", "detail"]
        let document = problem.document
        let names = first + document.members.map(\.name).filter { !first.contains($0) }
        let members = names.compactMap { name in
            document[name].map { "  \"\(name)\": \(String(decoding: $0.encoded(), as: UTF8.self))" }
        }
        return (lines + ["", "{"]).joined(separator: "\n") + "\n" + members.joined(separator: ",\n") + "\n}"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func frame(title: String, style: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(escaped(title))</title>
        <link rel="stylesheet" href="\(style)">
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }
}
