import Documents
import SystemSupport
import TestSupport

extension TestCistern {
    /// - Parameter server: The number of the poll server that is asked.
    func appear(
        _ client: String, _ document: String = #"{"x":1}"#, ttl: Int? = nil, in app: String = "board",
        at server: Int = 0,
        headers: [(String, String)] = [("Content-Type", "application/json")]
    ) async throws -> Answer {
        let query = ttl.map { "?ttl=\($0)" } ?? ""
        return try await send(
            "PUT", "/v1/apps/\(app)/presence/\(client)\(query)", headers: headers, body: Array(document.utf8),
            to: pollers[server])
    }

    func leave(_ client: String, from app: String = "board", at server: Int = 0) async throws -> Answer {
        try await send("DELETE", "/v1/apps/\(app)/presence/\(client)", to: pollers[server])
    }

    func present(
        in app: String = "board", at server: Int = 0, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await get("/v1/apps/\(app)/presence", headers: headers, from: pollers[server])
    }

    /// The ids of those who are here.
    func clients(in app: String = "board", at server: Int = 0) async throws -> [String] {
        try await present(in: app, at: server).member("clients")?.members.map(\.name) ?? ["no clients"]
    }
}
