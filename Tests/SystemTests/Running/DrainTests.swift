import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Workers of a server that stops", .timeLimit(.minutes(20)))
struct DrainTests {
    @Test("A heartbeat that a stopping server answers says so, and keeps the lease; before there is no word of it")
    func drain() async throws {
        try await withCistern(CisternOptions(pollers: 2)) { system in
            _ = try await system.operate("PUT", "e1", #"{"kind":"export"}"#)
            let token = try #require(try await system.claim()?["lease"]?["token"]?.stringValue)
            let lease = [("Lease-Token", token)]
            let before = try await system.operate("POST", "e1:heartbeat", "{}", headers: lease)
            #expect(before.status == 200 && before.member("drain")?.boolValue == false)
            // Its head arrives before the server is told to stop, its body afterwards.
            let connection = try WireConnection(port: system.bucket.port)
            let head = [
                "POST /v1/apps/board/operations/e1:heartbeat HTTP/1.1", "Host: localhost",
                "Content-Type: application/json", "Content-Length: 2", "Lease-Token: \(token)",
            ]
            connection.send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)[...])
            try await eventually("the request is under way") {
                // The request for the metrics is one itself.
                try await system.metric("http_requests_in_flight", at: system.bucket) >= 2
            }
            system.bucket.askToStop()
            try await eventually("the server stops") {
                // In the end nobody listens any more.
                (try? await system.get("/readyz", from: system.bucket))?.status != 200
            }
            connection.send(Array("{}".utf8)[...])
            connection.read(until: .now + .seconds(20))
            let answer = String(decoding: connection.received, as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("}"), "\(answer)")
            #expect(answer.contains(#""drain":true"#), "\(answer)")
            let after = try await system.operate("POST", "e1:heartbeat", "{}", headers: lease, at: system.pollers[1])
            #expect(after.status == 200 && after.member("drain")?.boolValue == false)
        }
    }
}
