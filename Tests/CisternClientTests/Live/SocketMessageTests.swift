import Documents
import Fold
import Testing

@testable import CisternClient

@Suite("Messages of a socket")
struct SocketMessageTests {
    private func event(_ text: String) throws -> Event? { SocketMessage.event(try Document(parsing: Array(text.utf8))) }

    @Test("Answers about changes are told apart")
    func answers() throws {
        guard case .acknowledged("c~1", let receipt)? = try event(#"{"ack":{"id":"c~1","receipt":"e-4"}}"#) else {
            Issue.record("no ack")
            return
        }
        #expect(receipt.number == 4)
        let refused =
            #"{"refused":{"id":"c~1","problem":{"type":"/problems/backlog-full","status":429,"retry_after":3}}}"#
        guard case .refused("c~1", let failing)? = try event(refused) else {
            Issue.record("no refusal")
            return
        }
        #expect(failing.retryAfter == .seconds(3) && failing.error?.slug == "backlog-full")
        let own = #"{"refused":{"problem":{"type":"/problems/presence-too-large","status":413}}}"#
        guard case .sayFailed? = try event(own) else {
            Issue.record("no refusal of presence")
            return
        }
        #expect(try event(#"{"something":"new"}"#) == nil)
    }

    @Test("A change goes out as in a batch, and presence with its life")
    func outgoing() throws {
        let change = OutgoingChange(
            id: "c~1", kind: .mergePatch, condition: .isNew, change: try Document(parsing: Array(#"{"n":1.00}"#.utf8)))
        #expect(
            String(decoding: SocketMessage.push(change), as: UTF8.self)
                == #"{"push":{"change":{"n":1.00},"id":"c~1","if_none_match":"*","type":"application/merge-patch+json"}}"#
        )
        #expect(
            String(decoding: SocketMessage.say(.integer(1), life: .seconds(30)), as: UTF8.self)
                == #"{"presence":1,"ttl":30}"#)
    }

    @Test(
        "The parts of a URL",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, "/v1", false),
            ("https://a.example/x", "a.example", 443, "/x/v1", true),
            ("http://[::1]:80", "::1", 80, "/v1", false), ("http://[::1]", "::1", 80, "/v1", false),
            ("HTTP://host", "host", 80, "/v1", false),
        ])
    func targets(_ url: String, _ host: String, _ port: Int, _ path: String, _ isSecure: Bool) throws {
        let target = try #require(SocketTarget(url: url, path: "/v1"))
        #expect(target.host == host && target.port == port && target.path == path && target.isSecure == isSecure)
    }

    @Test(
        "A URL without a host, or with a port that is none, has no socket",
        arguments: ["http://:80", "http://a:0", "http://a:b"])
    func noTarget(_ url: String) { #expect(SocketTarget(url: url, path: "/v1") == nil) }
}
