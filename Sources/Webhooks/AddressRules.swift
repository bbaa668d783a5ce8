// To which addresses anything is sent: to those of everybody, and to networks that the operator names. Whoever may make a webhook would
// otherwise have a hand inside of the network that the couriers are in.

package struct AddressRules: Hashable, Sendable {
    /// Networks that are let in although they are not global.
    package let allowed: [IPNetwork]
    package let isHTTPSOnly: Bool

    package init(allowed: [IPNetwork] = [], isHTTPSOnly: Bool = false) {
        self.allowed = allowed
        self.isHTTPSOnly = isHTTPSOnly
    }

    /// For reading what was taken before.
    package static let everything = AddressRules(allowed: ["0.0.0.0/0", "::/0"].compactMap { IPNetwork($0) })

    package func allow(_ address: IPAddress) -> Bool {
        address.isGlobal || allowed.contains { $0.contains(address) }
    }
}

extension IPAddress {
    /// Whether it is one of the whole Internet: everything else is refused, also what is not used yet (IANA's registries of special-purpose
    /// addresses, RFC 6890).
    package var isGlobal: Bool {
        switch unmapped {
        case .v4: !Self.special4.contains { $0.contains(self) }
        // Of IPv6 only 2000::/3 is given out: so loopback, link-local, ULA, NAT64, 100::/64 and 5f00::/16 need no line of their own.
        case .v6: Self.given6.contains(self) && !Self.special6.contains { $0.contains(self) }
        }
    }

    private static let special4 = networks([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    ])

    private static let given6 = networks(["2000::/3"])[0]

    /// Protocols (Teredo among them), examples, 6to4.
    private static let special6 = networks(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

    private static func networks(_ texts: [String]) -> [IPNetwork] {
        texts.map { text in
            guard let network = IPNetwork(text) else { preconditionFailure("\(text) is no network") }
            return network
        }
    }
}
