// Turns whatever a request ends with into an answer: problems as they are, everything else into a problem.

import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

struct ProblemMiddleware: RouterMiddleware {
    typealias Context = HTTPContext

    let paths: PathTable

    func handle(
        _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        do {
            // The router skips empty segments: `/v1/apps//state` would be the application “state”.
            guard paths.isWellFormed(request.uri.path) else { throw HTTPError(.notFound) }
            return try await next(request, context)
        } catch {
            return problem(for: error, request: request, context: context).response
        }
    }

    private func problem(for error: any Error, request: Request, context: HTTPContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as HTTPError where error.status == .notFound: return unrouted(request)
        case is HTTPParserError: return Problem(.malformedRequest, "The request's body does not follow HTTP/1.1.")
        case is CancellationError:
            return Problem(.overloaded, "The server is stopping; nothing was answered yet.").retry(after: .seconds(1))
        default:
            context.logger.error(
                "A request failed for a reason that was not foreseen",
                metadata: [
                    "error": "\(error)", "method": "\(request.method)", "path": "\(request.uri.path)",
                ])
            let problem = Problem(.internalError, "The request could not be carried out. The server's log says why.")
            // Not `context.id`, which traps under a log handler that keeps no metadata.
            return context.logger[metadataKey: "hb.request.id"].map { problem.with("request", "\($0)") } ?? problem
        }
    }

    private func unrouted(_ request: Request) -> Problem {
        let methods = paths.methods(at: request.uri.path)
        guard !methods.isEmpty else { return Problem(.notFound, "No route has this path.") }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        return Problem(.methodNotAllowed, "This path takes \(allowed).").with(header: .allow, allowed)
    }
}

/// Which methods each path template takes. Only asked when the router has found nothing.
struct PathTable: Sendable {
    private struct Entry {
        let segments: [Substring]
        /// Whether the template ends with a slash, and so paths may too.
        let isFolder: Bool
        var methods: [HTTPRequest.Method]
    }

    private var entries: [Entry] = []

    mutating func add(_ method: HTTPRequest.Method, _ template: String) {
        let segments = Self.segments(of: template)
        let methods: [HTTPRequest.Method] = method == .get ? [.get, .head] : [method]
        if let index = entries.firstIndex(where: { $0.segments == segments }) {
            entries[index].methods += methods
        } else {
            entries.append(Entry(segments: segments, isFolder: template.hasSuffix("/"), methods: methods))
        }
    }

    func methods(at path: String) -> [HTTPRequest.Method] {
        guard isWellFormed(path) else { return [] }
        let segments = Self.segments(of: path)
        let found = entries.filter { Self.matches($0.segments, segments) }
        // `{id}` takes `7:cancel` too, but the router goes by what is to be done.
        let named = found.filter { entry in entry.segments.contains { $0.hasPrefix("{") && !Self.verb($0).isEmpty } }
        return (named.isEmpty ? found : named).flatMap(\.methods)
    }

    func isWellFormed(_ path: String) -> Bool {
        path.hasPrefix("/") && !path.utf8.contains(0) && !path.contains("//")
            && (path == "/" || !path.hasSuffix("/") || isFolder(path))
    }

    private func isFolder(_ path: String) -> Bool {
        let segments = Self.segments(of: path)
        return entries.contains { $0.isFolder && Self.matches($0.segments, segments) }
    }

    private static func segments(of path: String) -> [Substring] { path.split(separator: "/") }

    private static func matches(_ template: [Substring], _ path: [Substring]) -> Bool {
        template.count == path.count
            && zip(template, path).allSatisfy { segment, text in
                segment.hasPrefix("{") ? text.hasSuffix(verb(segment)) : segment.utf8.elementsEqual(text.utf8)
            }
    }

    /// What is to be done, where a template names it behind a capture: `{id}:cancel`.
    private static func verb(_ segment: Substring) -> Substring { segment.drop { $0 != "}" }.dropFirst() }
}
