import NIOCore

/// What is asked of Cistern about webhooks, and what makes events.
extension Client {
    /// - Parameter types: as `"state.changed","change.rejected"`.
    func hook(_ id: String, at url: String, types: String) async throws {
        let answer = try await send(
            Request.put(
                "/v1/webhooks/\(id)", type: Request.json, #"{"url":"\#(url)","apps":["*"],"event_types":[\#(types)]}"#))
        guard answer.status == 201 else { throw Wrong("A webhook is answered \(answer.status): \(answer.text)") }
    }

    func unhook(_ id: String) async throws {
        let answer = try await send(Request.delete("/v1/webhooks/\(id)"))
        guard answer.status == 204 else { throw Wrong("A webhook's end is answered \(answer.status): \(answer.text)") }
    }

    /// Changes that are rejected, each of which is an event, in one batch.
    func reject(_ ids: [String], in application: String) async throws {
        let changes = ids.map { #"{"id":"\#($0)","type":"\#(Request.jsonPatch)","change":\#(Rejected.change)}"# }
        let answer = try await send(
            Request.put(
                "/v1/apps/\(application)/changes", type: Request.json, "[\(changes.joined(separator: ","))]"))
        guard answer.status == 200 else {
            throw Wrong("A batch is answered \(answer.status): \(answer.text.prefix(300))")
        }
    }

    /// One alone.
    func reject(_ id: String, in application: String) async throws {
        let answer = try await send(
            Request.put(Request.change(id, of: application), type: Request.jsonPatch, Rejected.change))
        guard answer.status == 201 else { throw Wrong("A push is answered \(answer.status): \(answer.text)") }
    }
}

private enum Rejected {
    static let change = #"[{"op":"test","path":"/nowhere","value":1}]"#
}

extension HookArrival {
    /// The change, operation or version that it tells of.
    var subject: String? {
        body.quoted(after: "/changes/") ?? body.quoted(after: "/operations/") ?? body.quoted(after: #""version":""#)
    }
}
