import Documents
import Fold
import Synchronization
import TestSupport
import Testing
import Webhooks

@testable import Delivering

/// Answers as a test says, one answer after the other; the last one stays.
final class ScriptedResolver: Resolver {
    private let answers: Mutex<[[IPAddress]]>
    private let asked = Mutex<[String]>([])

    init(_ answers: [[String]]) throws {
        self.answers = Mutex(try answers.map { try $0.map { try #require(IPAddress($0)) } })
    }

    var names: [String] { asked.withLock { $0 } }

    func addresses(of name: String) async throws -> [IPAddress] {
        asked.withLock { $0.append(name) }
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
    }

    func shutdown() async {}
}

let loopback = AddressRules(allowed: [IPNetwork("127.0.0.1")].compactMap { $0 })

func webhook(_ url: String, _ more: String = "", id: String = "w1") throws -> Webhook {
    let text = #"{"url":"\#(url)","apps":["*"],"event_types":["state.changed","change.rejected"]\#(more)}"#
    return Webhook(
        id: try WebhookID(id), creation: "x",
        subscription: try Subscription(Document(parsing: Array(text.utf8)), rules: .everything),
        secrets: SecretRing(try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")), status: .enabled, created: 0,
        updated: 0, revision: 1, failingSince: nil, isToBeTold: false)
}

func configuration(_ rules: AddressRules = loopback) -> CourierConfiguration {
    var configuration = CourierConfiguration()
    configuration.rules = rules
    // What has to come is waited for, however busy the machine is.
    configuration.attemptTimeout = .seconds(30)
    configuration.connectTimeout = .seconds(30)
    return configuration
}

let delivery = DeliveryID(partition: 1, event: "e", to: HookName("w1~x") ?? HookName(id: anyID, creation: "x"))

private var anyID: WebhookID { do { return try WebhookID("w1") } catch { fatalError("\(error)") } }

/// Runs the body with a sender of its own.
func withSender<Value>(
    _ configuration: CourierConfiguration = configuration(), resolver: any Resolver,
    _ body: (Sender) async throws -> Value
) async throws -> Value {
    let sender = Sender(configuration, resolver: resolver)
    do {
        let value = try await body(sender)
        await sender.shutdown()
        return value
    } catch {
        await sender.shutdown()
        throw error
    }
}
