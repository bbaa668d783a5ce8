import Documents
import Receivers
import SystemSupport
import TestSupport
import Webhooks

extension CisternOptions {
    static func couriers(_ count: Int = 1, _ flags: [String] = []) -> CisternOptions {
        CisternOptions(couriers: count, courierFlags: flags)
    }
}

extension TestCistern {
    private static let json = ("Content-Type", "application/json")

    /// All of it is asked of whoever takes changes in.
    func hooks(_ method: String, _ path: String, _ body: String? = nil, headers: [(String, String)] = []) async throws
        -> Answer
    {
        try await send(
            method, "/v1/\(path)", headers: (body == nil ? [] : [Self.json]) + headers,
            body: body.map { Array($0.utf8) },
            to: bucket)
    }

    /// Makes a webhook that tries again after a second, a few times.
    @discardableResult
    func hook(
        _ id: String, at url: String, types: String = #""change.rejected""#, apps: String = #""*""#, _ more: String = ""
    ) async throws -> Answer {
        let answer = try await hooks(
            "PUT", "webhooks/\(id)",
            #"{"url":"\#(url)","apps":[\#(apps)],"event_types":[\#(types)],"retry":{"pauses_s":[1,1,1,1,1]}\#(more)}"#)
        guard answer.status == 201 else { throw TestSupportError("\(id) was not made: \(answer.refusal)") }
        return answer
    }

    func deliveries(_ query: String = "") async throws -> [Document] {
        try await hooks("GET", "deliveries?\(query)").member("deliveries").map { Array($0.elements) } ?? []
    }

    /// The statuses of all deliveries of a webhook.
    func statuses(_ id: String) async throws -> [String] {
        try await deliveries("webhook=\(id)").map { $0["status"]?.stringValue ?? "none" }
    }

    /// A change that is rejected, and so an event.
    func reject(_ id: String, in app: String = "board") async throws {
        let answer = try await push(#"[{"op":"test","path":"/nowhere","value":1}]"#, .patch, id: id, to: app)
        guard answer.status == 201 || answer.status == 200 else { throw TestSupportError(answer.refusal) }
    }
}

extension Received {
    var json: Document { (try? Document(parsing: body)) ?? .null }
    var type: String { json["type"]?.stringValue ?? "none" }
    var data: Document { json["data"] ?? .null }
    var id: String { self["Webhook-Id"] ?? "none" }
}

func withReceiver(
    _ behaviour: @escaping @Sendable (Received, Int) -> Behaviour = { _, _ in .answer(204) },
    _ test: (Receiver) async throws -> Void
) async throws {
    let receiver = Receiver(behaviour)
    try await receiver.start()
    do { try await test(receiver) } catch {
        await receiver.stop()
        throw error
    }
    await receiver.stop()
}
