// Where a webhook is sent, read by one strict grammar: what two readers of URLs could understand in two ways is refused.

package struct WebhookURL: Hashable, Sendable {
    package let isSecure: Bool
    /// A name in lower case, or an address without brackets.
    package let host: String
    package let port: Int
    /// What is asked for: path and query.
    package let target: String

    package var address: IPAddress? { IPAddress(host) }

    /// The URL in its one spelling.
    package var description: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let isUsual = port == (isSecure ? 443 : 80)
        return (isSecure ? "https://" : "http://") + host + (isUsual ? "" : ":\(port)") + target
    }

    /// - Throws: a sentence.
    package init(_ text: String, rules: AddressRules) throws(WebhookFault) {
        func forbidden(_ message: String) -> WebhookFault { WebhookFault(.urlForbidden, message, at: "/url") }
        guard text.utf8.count <= WebhookLimits.urlBytes else {
            throw forbidden("A URL has at most \(WebhookLimits.urlBytes) bytes.")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.excluded.contains($0) }) else {
            throw forbidden("A URL has only characters of RFC 3986; encode the others with “%”.")
        }
        guard let mark = text.firstRange(of: "://") else { throw forbidden("A URL begins with https://.") }
        switch text[..<mark.lowerBound].lowercased() {
        case "https": isSecure = true
        case "http":
            guard !rules.isHTTPSOnly else { throw forbidden("Only https URLs are taken here.") }
            isSecure = false
        default: throw forbidden("A URL begins with https:// or http://.")
        }
        let rest = text[mark.upperBound...]
        guard !rest.contains("#") else { throw forbidden("A URL has no fragment here.") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw forbidden("A URL has no user and no password here.") }
        guard let (host, port) = Self.authority(authority, isSecure: isSecure) else {
            throw forbidden("The URL has no host, or one that is no name and no address, or no port from 1 to 65535.")
        }
        self.host = host
        self.port = port
        target = (rest[end...].hasPrefix("/") ? "" : "/") + rest[end...]
        if let address = IPAddress(host), !rules.allow(address) {
            throw forbidden("Nothing is sent to \(host): it is no address of the whole Internet.")
        }
        if host == "localhost" || host.hasSuffix(".localhost"), !Self.loopback.contains(where: rules.allow) {
            throw forbidden("Nothing is sent to this machine.")
        }
    }

    private static let excluded = Set("\"<>\\^`{|}".utf8)
    private static let loopback = [IPAddress.v4(0x7F00_0001), .v6(1)]

    private static func authority(_ text: Substring, isSecure: Bool) -> (String, Int)? {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let behind = text[text.index(after: close)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { return nil }
            port = behind.isEmpty ? nil : behind.dropFirst()
            guard case .v6 = IPAddress(host) else { return nil }
        } else {
            if let colon = text.firstIndex(of: ":") {
                (host, port) = (text[..<colon], text[text.index(after: colon)...])
            }
            guard isName(host) else { return nil }
        }
        guard let port else { return (host.lowercased(), isSecure ? 443 : 80) }
        guard !port.isEmpty, port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(port), (1...65_535).contains(number)
        else { return nil }
        return (host.lowercased(), number)
    }

    /// Letters, digits, `-`, `_` and `.`. Names that look like numbers are no names: `127.1` and
    /// `2130706433` are addresses to some.
    private static func isName(_ host: Substring) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        if IPAddress(host) != nil { return true }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, let top = last.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(top)
        else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }
}
