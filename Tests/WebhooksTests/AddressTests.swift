import Testing
import Webhooks

@Suite("Addresses to which webhooks are sent")
struct AddressTests {
    @Test(
        "What is not of the whole Internet is refused",
        arguments: [
            "0.1.2.3", "127.254.254.254", "169.254.45.1", "169.254.169.254", "100.100.0.0", "192.0.0.255", "198.18.0.0",
            "240.240.240.240", "255.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
            "192.0.2.1",
            "198.51.100.1", "203.0.113.1", "224.0.0.1", "::0", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::c0a8:0", "64:ff9b:1::1", "2002:c0a8:1::dead:beef", "fd7a:115c:a1e0::1", "fd00:ec2::254",
            "fe80::dead:beef", "fec0::1", "ff02::1", "5f00::dead:beef", "100::1:2:3:4", "2001:db8::1", "2001::1",
            "2001:10::1", "3fff::1",
        ])
    func refused(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!address.isGlobal)
        #expect(!AddressRules().allow(address))
    }

    @Test(
        "What is, is allowed",
        arguments: [
            "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
        ])
    func allowed(_ text: String) throws {
        #expect(AddressRules().allow(try #require(IPAddress(text))))
    }

    @Test("An operator's networks are let in, in every spelling of their addresses, and nothing besides")
    func networks() throws {
        let networks = try ["10.1.0.0/16", "127.0.0.1", "fd00::/8"].map { try #require(IPNetwork($0)) }
        let rules = AddressRules(allowed: networks)
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "fd12::1", "8.8.8.8"] {
            #expect(rules.allow(try #require(IPAddress(text))), "\(text)")
        }
        for text in ["10.2.0.1", "127.0.0.2", "fe80::1", "::1", "169.254.169.254"] {
            #expect(!rules.allow(try #require(IPAddress(text))), "\(text)")
        }
        for text in ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "fd00::/129", "x", "", "10.0.0.0/8/8"] {
            #expect(IPNetwork(text) == nil, "\(text)")
        }
    }

    @Test("An address is written so that it is read as the same", arguments: ["8.8.4.4", "2001:4860::8888", "::1"])
    func spelling(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(IPAddress(address.description) == address)
    }

    @Test(
        "A URL is read by one grammar, and written in one spelling",
        arguments: [
            ("https://example.org", "https://example.org/"),
            ("HTTPS://Example.ORG:443/a?b=c", "https://example.org/a?b=c"),
            ("http://example.org:8080?x", "http://example.org:8080/?x"), ("http://8.8.8.8/", "http://8.8.8.8/"),
            ("https://[2001:4860:4860::8888]:8443/x", "https://[2001:4860:4860::8888]:8443/x"),
        ])
    func urls(_ text: String, _ spelling: String) throws {
        #expect(try WebhookURL(text, rules: AddressRules()).description == spelling)
    }

    @Test(
        "What two could read in two ways, or leads inside, is refused",
        arguments: [
            "", "example.org", "ftp://example.org/", "https://", "https:///x", "https://user@example.org/",
            "https://user:pw@example.org/", "https://example.org#x", "https://example.org\\@evil.org/", "https://a b/",
            "https://exämple.org/", "https://example.org:0/", "https://example.org:65536/", "https://example.org:/",
            "https://example.org:8 /", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
            "https://localhost/", "https://a.localhost/", "https://127.1/", "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://10.0.0.7:80/", "https://[::1", "https://[::1]x/", "https://[8.8.8.8]/", "https://-a.org/",
            "https://a..org/", "https://169.254.169.254/latest/meta-data",
            "https://example.org/\r\nX: y", "https://" + String(repeating: "a", count: 3_000),
        ])
    func forbiddenURLs(_ text: String) throws {
        let fault = #expect(throws: WebhookFault.self) { try WebhookURL(text, rules: AddressRules()) }
        #expect(fault?.kind == .urlForbidden && fault?.pointer == "/url")
    }

    @Test("Where only HTTPS is taken, only HTTPS is")
    func secure() throws {
        let rules = AddressRules(isHTTPSOnly: true)
        #expect(throws: WebhookFault.self) { try WebhookURL("http://example.org/", rules: rules) }
        #expect(try WebhookURL("https://example.org/", rules: rules).isSecure)
    }
}
