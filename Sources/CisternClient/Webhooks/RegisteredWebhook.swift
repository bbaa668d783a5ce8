// Webhooks as those see them that administer them: what is asked for, and how one stands.

import Documents

/// A server that wants to be told what happens, with requests that are signed as Standard Webhooks has it.
public struct NewWebhook: Sendable, Hashable {
    /// 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit.
    public var id: String
    /// Where it is told.
    public var url: String
    /// Ids of applications, and beginnings of ids with `*` behind them; `*` alone for all.
    public var applications: [String]
    /// Such as `state.changed`.
    public var eventTypes: [String]
    /// The part of a state that `state.changed` is about, as a JSON Pointer; all of it unless given.
    public var path: String?
    /// Before the second attempt and each further one, whole seconds; those of the server unless given.
    public var retryPauses: [Duration]?
    /// Deliveries a second; as many as come unless given.
    public var rateLimit: Int?
    /// Fields that each request has besides.
    public var headers: [String: String]
    /// `whsec_` and 24 to 64 bytes in base64; the server makes one unless given.
    public var secret: String?

    public init(
        _ id: String, url: String, applications: [String], eventTypes: [String], path: String? = nil,
        retryPauses: [Duration]? = nil, rateLimit: Int? = nil, headers: [String: String] = [:], secret: String? = nil
    ) {
        self.id = id
        self.url = url
        self.applications = applications
        self.eventTypes = eventTypes
        self.path = path
        self.retryPauses = retryPauses
        self.rateLimit = rateLimit
        self.headers = headers
        self.secret = secret
    }

    var body: [UInt8] {
        var members: [(String, Document)] = [
            ("url", .string(url)), ("apps", .array(applications.map { .string($0) })),
            ("event_types", .array(eventTypes.map { .string($0) })),
        ]
        if let path { members.append(("path", .string(path))) }
        if let retryPauses {
            let pauses = retryPauses.map { Document.integer(Int($0.components.seconds)) }
            members.append(("retry", .object([("pauses_s", .array(pauses))])))
        }
        if let rateLimit { members.append(("rate_limit", .integer(rateLimit))) }
        if !headers.isEmpty {
            let fields = headers.sorted { $0.key < $1.key }.map { ($0.key, Document.string($0.value)) }
            members.append(("headers", .object(fields)))
        }
        if let secret { members.append(("secret", .string(secret))) }
        return Document.object(members).encoded()
    }
}

/// How a webhook stood at a moment.
public struct RegisteredWebhook: Sendable, Hashable {
    public let id: String
    public let url: String
    public let applications: [String]
    public let eventTypes: [String]
    public let status: Status
    /// Since when nothing has arrived, RFC 3339; nil if the last attempt did.
    public let failingSince: String?
    /// RFC 3339, UTC.
    public let created: String
    public let updated: String
    /// What its requests are signed with; only in the answer that makes or replaces it.
    public let secret: String?
    /// The server's own words.
    public let json: JSONText

    public enum Status: Sendable, Hashable {
        case enabled
        /// Nothing is sent there; what happens is kept for a recovery.
        ///
        /// - Parameter reason: `asked` by somebody, `gone` by its answer 410, `failing` for too long.
        case disabled(reason: String, since: String)
    }
}

extension RegisteredWebhook {
    init?(_ document: Document) {
        guard let id = document["id"]?.stringValue, let url = document["url"]?.stringValue,
            let status = document["status"]?.stringValue
        else { return nil }
        func texts(_ name: String) -> [String] { document[name]?.elements.compactMap(\.stringValue) ?? [] }
        self.id = id
        self.url = url
        applications = texts("apps")
        eventTypes = texts("event_types")
        self.status =
            status == "enabled"
            ? .enabled
            : .disabled(
                reason: document["disabled"]?["reason"]?.stringValue ?? "",
                since: document["disabled"]?["since"]?.stringValue ?? "")
        failingSince = document["failing_since"]?.stringValue
        created = document["created_at"]?.stringValue ?? ""
        updated = document["updated_at"]?.stringValue ?? ""
        secret = document["secret"]?.stringValue
        json = JSONText(bytes: document.encoded())
    }
}
