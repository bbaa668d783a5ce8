// All webhooks of a store: what was asked for, and how they are. Couriers keep a copy of all of them, and ask whether it is the present one.

package import ChangeLog
import Documents
package import Fold
import Redis
package import Webhooks

package struct WebhookRegistry: Sendable {
    private let log: ChangeLog
    /// By which URLs are read again that were taken once.
    private let rules: AddressRules

    package init(log: ChangeLog) {
        self.log = log
        // What was taken stays readable, whatever is allowed now: each attempt looks at the address anew.
        rules = .everything
    }

    private func run(
        _ script: RedisScript, _ arguments: [RedisArgument], isWriting: Bool = true
    ) async throws(LogError) -> ScriptAnswer {
        try await log.run(script, keys: [StoreKeys.webhooks], RedisArguments(arguments), isWriting: isWriting)
    }

    // MARK: Reading

    /// All webhooks, of one moment.
    package struct Contents: Sendable {
        package let version: String
        /// By id, in no order.
        package let webhooks: [Webhook]
        /// Those that another release has written: they are there, and not for us to send.
        package let unreadable: Set<HookName>
        /// Milliseconds since 1970 by the clock of Redis.
        package let now: UInt64
    }

    /// - Parameter version: what the caller knows; then nil says that there is nothing else.
    package func contents(unless version: String = "") async throws(LogError) -> Contents? {
        let answer = try await run(Scripts.hooks, [.string(version)], isWriting: false)
        return try reading { () throws(RedisError) in
            if answer.tag == "same" { return nil }
            var webhooks: [Webhook] = []
            var unreadable: Set<HookName> = []
            for item in try answer.array(2) {
                guard let parts = item.array, parts.count == 2, let text = parts[0].string,
                    let id = try? WebhookID(text), let fields = parts[1].array
                else { continue }
                if let webhook = Webhook(fields, id: id, rules: rules) {
                    webhooks.append(webhook)
                } else if let creation = FieldPairs(fields)["creation"] {
                    unreadable.insert(HookName(id: id, creation: creation))
                }
            }
            return Contents(
                version: try answer.text(0), webhooks: webhooks, unreadable: unreadable, now: try answer.number(1))
        }
    }

    /// - Returns: nil if there is none; and the time, in milliseconds since 1970 by the clock of Redis.
    package func webhook(_ id: WebhookID) async throws(LogError) -> (Webhook?, now: UInt64) {
        let answer = try await run(Scripts.hook, [.string("\(id)")], isWriting: false)
        return try reading { () throws(RedisError) in
            (Webhook(try answer.array(1), id: id, rules: rules), try answer.number(0))
        }
    }

    // MARK: Writing

    package enum Change: Sendable {
        case subscription(Subscription)
        case secrets(SecretRing)
        case enable
        case disable
    }

    package enum PutAnswer: Sendable {
        case done(Webhook)
        /// Somebody else changed it meanwhile.
        case changed
        case full
    }

    /// - Parameter old: what is changed; nil to make one.
    package func put(
        _ id: WebhookID, over old: Webhook?, _ changes: [Change]
    ) async throws(LogError) -> PutAnswer {
        var arguments: [RedisArgument] = [
            .string("\(id)"), .string(old.map { String($0.revision) } ?? ""), .string(Self.nonce()),
            .integer(Int64(WebhookLimits.webhooks)),
        ]
        for change in changes {
            switch change {
            case .subscription(let subscription):
                arguments += ["config", .bytes(subscription.document.encoded())]
            case .secrets(let ring): arguments += ["secrets", .string(ring.stored)]
            case .enable: arguments += ["disabled", "", "disabled_at", "", "failing", "", "tell", ""]
            case .disable: arguments += ["disabled", "asked", "disabled_at", "@now", "tell", ""]
            }
        }
        let answer = try await run(Scripts.putHook, arguments)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok":
                guard let webhook = Webhook(try answer.array(1), id: id, rules: rules) else { throw answer.unexpected }
                return .done(webhook)
            case "changed": return .changed
            case "full": return .full
            default: throw answer.unexpected
            }
        }
    }

    package enum DeleteAnswer: Sendable {
        case done
        case changed
        case unknown
    }

    package func delete(_ id: WebhookID, ifRevision revision: UInt64?) async throws(LogError) -> DeleteAnswer {
        let answer = try await run(
            Scripts.deleteHook, [.string("\(id)"), .string(revision.map { String($0) } ?? "")])
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": .done
            case "changed": .changed
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }

    package enum Report: String, Sendable {
        case success
        case failure
        /// The endpoint is not there any more, and says so.
        case gone
        /// It was told that the webhook is disabled.
        case told
    }

    package func report(_ what: Report, of name: HookName) async throws(LogError) {
        _ = try await run(
            Scripts.report, [.string("\(name.id)"), .string(name.creation), .string(what.rawValue)])
    }

    /// Tells webhooks with the same id from each other.
    private static func nonce() -> String { String(UInt64.random(in: 0..<(1 << 48)), radix: 36) }
}

extension Webhook {
    /// As puthook.lua keeps it: fields and values in turns. Nil for what is none.
    init?(_ pairs: [RESPValue], id: WebhookID, rules: AddressRules) {
        let fields = FieldPairs(pairs)
        guard let creation = fields["creation"], let config = fields["config"],
            let document = try? Document(parsing: Array(config.utf8)),
            let subscription = try? Subscription(document, rules: rules),
            let secrets = fields["secrets"].flatMap(SecretRing.init(stored:)),
            let created = fields["created"].flatMap({ UInt64($0) }),
            let updated = fields["updated"].flatMap({ UInt64($0) }),
            let revision = fields["revision"].flatMap({ UInt64($0) })
        else { return nil }
        let status: Status =
            if let reason = fields["disabled"] {
                .disabled(Reason(rawValue: reason) ?? .asked, since: fields["disabled_at"].flatMap { UInt64($0) } ?? 0)
            } else { .enabled }
        self.init(
            id: id, creation: creation, subscription: subscription, secrets: secrets, status: status, created: created,
            updated: updated, revision: revision, failingSince: fields["failing"].flatMap { UInt64($0) },
            isToBeTold: fields["tell"] != nil)
    }
}

/// Fields and values in turns, as Redis gives hashes and the entries of streams.
struct FieldPairs {
    private var fields: [String: String] = [:]

    init(_ pairs: [RESPValue]) {
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            if let name = pairs[index].string { fields[name] = pairs[index + 1].string }
        }
    }

    subscript(name: String) -> String? { fields[name] }
}

func reading<Value>(_ read: () throws(RedisError) -> Value) throws(LogError) -> Value {
    do { return try read() } catch { throw LogError(error) }
}
