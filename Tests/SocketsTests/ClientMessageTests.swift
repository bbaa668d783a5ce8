import Documents
import Fold
import HTTPService
import NIOCore
import Testing

@testable import Sockets

@Suite("What clients say")
struct ClientMessageTests {
    private func read(_ text: String, limits: SocketLimits = SocketLimits()) throws -> ClientMessage {
        try ClientMessage(ByteBuffer(string: text), limits: limits)
    }

    /// `kind pointer id` of a refusal.
    private func refusal(_ text: String, limits: SocketLimits = SocketLimits()) -> String {
        do {
            _ = try ClientMessage(ByteBuffer(string: text), limits: limits)
            return "accepted"
        } catch {
            let document = error.problem.document
            let place = document["pointer"]?.stringValue ?? document["offset"]?.numberSpelling ?? "-"
            return "\(error.problem.kind.slug) \(place) \(error.id ?? "-")"
        }
    }

    @Test("A push is a change, with the precondition it names")
    func push() throws {
        guard
            case .push(let change) = try read(
                #"{"push":{"id":"c~7","type":"application/json-patch+json","if_match":"\"e-3\"","change":[{"op":"remove","path":"/a"}]}}"#
            )
        else { throw Mistake() }
        #expect(change.id.form == .sequenced(client: "c", number: 7))
        #expect(change.kind == .jsonPatch)
        #expect(change.precondition == VersionToken("e-3").map(Precondition.version))
        #expect(String(decoding: change.body, as: UTF8.self) == #"[{"op":"remove","path":"/a"}]"#)
    }

    @Test("A push without a type is a merge patch")
    func defaultKind() throws {
        guard case .push(let change) = try read(#" {"push": {"id":"a", "change": {"b":1}, "if_none_match":"*"}} "#)
        else { throw Mistake() }
        #expect(change.kind == .mergePatch)
        #expect(change.precondition == .nothingApplied)
    }

    @Test("A presence is a document or nothing, for some time or as the server likes")
    func presence() throws {
        guard case .presence(let there) = try read(#"{"presence":{"name":"Ada"},"ttl":30}"#),
            case .presence(let gone) = try read(#"{"presence":null}"#)
        else { throw Mistake() }
        #expect(there.document?.text == #"{"name":"Ada"}"#)
        #expect(there.timeToLive == .seconds(30))
        #expect(gone.document == nil && gone.timeToLive == nil)
    }

    @Test(
        "What is wrong is refused with a place, and with the change's id where there is one",
        arguments: [
            ("", "malformed-json 0 -"), ("{", "malformed-json 1 -"), (#"{"push":{},"push":{}}"#, "malformed-json 11 -"),
            ("[]", "invalid-message  -"), ("{}", "invalid-message  -"), (#"{"hello":1}"#, "invalid-message  -"),
            (#"{"push":1}"#, "invalid-message /push -"), (#"{"push":{}}"#, "invalid-message /push -"),
            (#"{"push":{"id":1,"change":{}}}"#, "invalid-message /push/id -"),
            (#"{"push":{"id":"-","change":{}}}"#, "invalid-id /push/id -"),
            (#"{"push":{"id":"a"}}"#, "invalid-message /push a"),
            (#"{"push":{"id":"a","change":{},"no/pe":1}}"#, "invalid-message /push/no~1pe a"),
            (#"{"push":{"id":"a","change":{},"type":"text/plain"}}"#, "unsupported-change-type /push/type a"),
            (#"{"push":{"id":"a","change":{},"type":7}}"#, "invalid-message /push/type a"),
            (#"{"push":{"id":"a","change":{},"if_match":"x"}}"#, "invalid-precondition /push/if_match a"),
            (
                #"{"push":{"id":"a","change":{},"if_match":"*","if_none_match":"*"}}"#, "invalid-precondition /push a"
            ),
            (
                #"{"push":{"id":"a","type":"application/json-patch+json","change":[{"op":"add"}]}}"#,
                "invalid-patch /push/change/0 a"
            ),
            (#"{"push":{"id":"a","change":{}},"more":1}"#, "invalid-message /more a"),
            (#"{"push":{"id":"a","change":{}},"presence":1}"#, "invalid-message  a"),
            (#"{"presence":1,"ttl":0}"#, "invalid-message /ttl -"),
            (#"{"presence":1,"ttl":3601}"#, "invalid-message /ttl -"),
            (#"{"presence":1,"ttl":"1"}"#, "invalid-message /ttl -"),
            (#"{"presence":1,"for":"1"}"#, "invalid-message /for -"),
        ])
    func refusals(text: String, expected: String) {
        #expect(refusal(text) == expected)
    }

    @Test("Sizes and depths are counted from the change and the presence themselves")
    func limits() {
        var limits = SocketLimits()
        limits.changeBytes = 10
        limits.presenceBytes = 5
        #expect(refusal(#"{"push":{"id":"a","change":"12345678"}}"#, limits: limits) == "accepted")
        #expect(
            refusal(#"{"push":{"id":"a","change":"123456789"}}"#, limits: limits)
                == "change-too-large /push/change a")
        #expect(refusal(#"{"presence":"123"}"#, limits: limits) == "accepted")
        #expect(refusal(#"{"presence":"1234"}"#, limits: limits) == "invalid-message /presence -")
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(refusal(#"{"push":{"id":"a","change":\#(nested(128))}}"#) == "accepted")
        for depth in 129...132 {
            #expect(refusal(#"{"push":{"id":"a","change":\#(nested(depth))}}"#).hasPrefix("malformed-json"))
            #expect(refusal(#"{"presence":\#(nested(depth))}"#).hasPrefix("malformed-json"))
        }
        #expect(refusal(#"{"presence":\#(nested(128))}"#) == "accepted")
    }

    struct Mistake: Error {}
}
