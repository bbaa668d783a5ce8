// The files of the folder `Web`, served under their paths in it: the JavaScript client, and the pages for people.
//
// A folder's `index.html` is served under the folder's own path, which ends with a slash. Nothing in the files says at which path the
// server is reached: they name each other by relative references, and so do redirects.

package import HTTPService
import HTTPTypes
import Hummingbird
import NIOCore

package struct Pages: RouteProvider {
    /// By their paths below the root, `demo/` for `demo/index.html`.
    private let files: [String: WebFile]

    /// - Parameter pushURL: where pages push, if not to the server that they are from.
    package init(pushURL: PublicURL? = nil) {
        var files: [String: WebFile] = [:]
        for (path, text) in embeddedFiles {
            files[Self.route(of: path)] = WebFile(path: path, text: text, connectingTo: pushURL?.origin)
        }
        if let pushURL {
            let text = "export const pushURL = \"\(pushURL.text)\";\n"
            files[Self.servers] = WebFile(path: Self.servers, text: text, connectingTo: pushURL.origin)
        }
        self.files = files
    }

    package func addRoutes(to routes: inout Routes) {
        // One route for a folder and one for what is in it, however many files that are: each route has its metrics.
        for folder in Set(files.keys.map(Self.folder)) where !folder.isEmpty {
            routes.on(.get, "/\(folder){file}", action: .open) { call in
                try answer(call, folder + (try call.parameter("file")))
            }
            guard files[folder] != nil else { continue }
            routes.on(.get, "/\(folder)", action: .open) { call in
                call.request.uri.path.hasSuffix("/") ? try answer(call, folder) : Self.redirect(call)
            }
        }
        for path in files.keys where Self.folder(of: path).isEmpty {
            routes.on(.get, "/\(path)", action: .open) { call in try answer(call, path) }
        }
    }

    private func answer(_ call: Call, _ path: String) throws -> Response {
        guard let file = files[path] else { throw Problem(.notFound, "There is no such file.") }
        return file.response(to: call.headers)
    }

    /// To the same path with a slash. Relative, as only the client knows what stands before it.
    private static func redirect(_ call: Call) -> Response {
        let name = call.request.uri.path.split(separator: "/").last.map(String.init) ?? ""
        let query = call.request.uri.query.map { "?\($0)" } ?? ""
        return Response(
            status: .permanentRedirect, headers: [.location: "\(name)/\(query)", .cacheControl: "no-cache"])
    }

    /// The file that says where pages push; they have no inline scripts that could.
    private static let servers = "servers.js"

    private static func route(of path: String) -> String {
        let folder = folder(of: path)
        return path == folder + "index.html" ? folder : path
    }

    /// What stands before the file's name, with the slash at its end; empty for files at the top.
    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}
