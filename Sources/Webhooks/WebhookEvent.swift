// Something that happened, as webhooks are told of it. What is sent is made of the event alone, so it is the same however often it is made.

import Crypto
package import Documents
package import Fold

package struct WebhookEvent: Sendable {
    /// Tells it from every other one of its partition.
    package let id: String
    package let type: EventType
    /// Nil for what is of no application.
    package let application: ApplicationID?
    /// Milliseconds since 1970.
    package let time: UInt64
    package let data: Document

    package init(id: String, type: EventType, application: ApplicationID?, time: UInt64, data: Document) {
        self.id = id
        self.type = type
        self.application = application
        self.time = time
        self.data = data
    }

    /// What is sent and signed: `{"type", "timestamp", "data"}`.
    package var body: [UInt8] {
        Document.object([
            ("type", .string(type.rawValue)), ("timestamp", .string(RFC3339.string(milliseconds: time))),
            ("data", data),
        ]).encoded()
    }
}

/// Names a delivery, and so is the `webhook-id` of all its requests. The same event for the same webhook has the same one, whoever finds it.
package struct DeliveryID: Hashable, Sendable, CustomStringConvertible {
    /// The number of the partition that it is in.
    package let partition: Int
    package let description: String

    private static let prefix = "msg_"
    private static let partitionDigits = 3
    private static let digestBytes = 15

    package init(partition: Int, event: String, to webhook: HookName) {
        let digest = SHA256.hash(data: Array("\(partition) \(event) \(webhook)".utf8))
        let digits = digest.prefix(Self.digestBytes).map { Self.hexadecimal(Int($0), digits: 2) }.joined()
        self.partition = partition
        description = Self.prefix + Self.hexadecimal(partition, digits: Self.partitionDigits) + digits
    }

    package init?(_ text: String) {
        let digits = text.dropFirst(Self.prefix.count)
        guard text.hasPrefix(Self.prefix), digits.utf8.count == Self.partitionDigits + 2 * Self.digestBytes,
            digits.utf8.allSatisfy({ byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }), let partition = Int(digits.prefix(Self.partitionDigits), radix: 16)
        else { return nil }
        self.partition = partition
        description = text
    }

    private static func hexadecimal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
