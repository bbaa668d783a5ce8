// Which fields a subscriber may put into its requests: none of ours, none that say whom they are for or where a message ends.

import Documents

enum HeaderRules {
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te",
        "trailer",
        "upgrade", "expect", "keep-alive", "user-agent", "accept-encoding", "date", "via",
    ]
    private static let reservedBeginnings = ["webhook-", "proxy-"]

    static func headers(_ value: Document?) throws(WebhookFault) -> [(name: String, value: String)] {
        guard let value else { return [] }
        guard value.kind == .object, value.count <= WebhookLimits.headers else {
            throw WebhookFault(
                .invalid, "“headers” is an object of at most \(WebhookLimits.headers) fields.", at: "/headers")
        }
        var headers: [(name: String, value: String)] = []
        var names: Set<String> = []
        for (name, value) in value.members {
            let place = "/headers" + JSONPointer.root.appending(name).description
            guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(isTokenByte) else {
                throw WebhookFault(.invalid, "This is no name of a header field (RFC 9110 §5.1).", at: place)
            }
            let lower = name.lowercased()
            guard !reserved.contains(lower), !reservedBeginnings.contains(where: lower.hasPrefix) else {
                throw WebhookFault(.invalid, "This field is not for subscribers to choose.", at: place)
            }
            guard names.insert(lower).inserted else {
                throw WebhookFault(.invalid, "This field is here twice.", at: place)
            }
            guard let text = value.stringValue, text.utf8.count <= WebhookLimits.headerBytes,
                text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }), text.first != " ", text.last != " "
            else {
                throw WebhookFault(
                    .invalid,
                    "A field's value is a string of at most \(WebhookLimits.headerBytes) characters of ASCII without controls.",
                    at: place)
            }
            headers.append((name, text))
        }
        return headers
    }

    /// `tchar` (RFC 9110 §5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
