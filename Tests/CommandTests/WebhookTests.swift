import ArgumentParser
import CisternClient
import Testing

@testable import cistern

@Suite("Webhooks on the command line")
struct WebhookTests {
    private static let now: UInt64 = 1_800_000_000_000

    @Test(
        "Times that are over, as spans and as RFC 3339",
        arguments: [
            ("30s", .ago(30)), ("5m", .ago(300)), ("2h", .ago(7_200)), ("3d", .ago(259_200)), ("0s", .ago(0)),
            ("1970-01-01T00:00:01Z", .at(1_000)), ("h", nil), ("5", nil), ("-5m", nil), ("5w", nil), ("", nil),
            ("99999999d", nil), ("yesterday", nil), ("1.5h", nil),
        ] as [(String, PastTime?)])
    func times(text: String, time: PastTime?) {
        #expect(PastTime(argument: text) == time)
    }

    @Test("A span is told to servers as a time, never before 1970")
    func told() {
        #expect(PastTime.ago(60).text(now: 61_000) == "1970-01-01T00:00:01.000Z")
        #expect(PastTime.ago(60).text(now: 5) == "1970-01-01T00:00:00.000Z")
    }

    @Test("add takes applications, types, pauses and fields; without applications it is all of them")
    func add() throws {
        let words = ["webhook", "add", "w1", "https://a.example/", "--type", "state.changed"]
        let plain = try #require(Cistern.parseAsRoot(words) as? WebhookAddCommand)
        #expect(plain.id == "w1" && plain.target == "https://a.example/" && plain.wish.applications == ["*"])
        #expect(plain.retry == nil && !plain.replace)
        let more = ["--app", "a", "--app", "b*", "--type", "x", "--retry", "5,60", "--header", "X-A: b: c"]
        let whole = try #require(Cistern.parseAsRoot(words + more) as? WebhookAddCommand)
        #expect(whole.wish.app == ["a", "b*"] && whole.wish.type == ["state.changed", "x"])
        #expect(whole.retry?.pauses == [.seconds(5), .seconds(60)])
        #expect(whole.header.map(\.name) == ["X-A"] && whole.header.map(\.value) == ["b: c"])
        #expect(try RetryPauses("none").pauses.isEmpty)
    }

    @Test(
        "Wrong usage is told before anything is sent",
        arguments: [
            ["webhook", "add", "w1", "https://a.example/"],
            ["webhook", "add", "w1", "u", "--type", "t", "--retry", "0"],
            ["webhook", "add", "w1", "u", "--type", "t", "--retry", "5,,6"],
            ["webhook", "add", "w1", "u", "--type", "t", "--header", "nothing"],
            ["webhook", "deliveries", "--status", "lost"], ["webhook", "deliveries", "--since", "soon"],
            ["webhook", "deliveries", "--limit", "0"], ["webhook", "replay"],
            ["webhook", "replay", "m", "--dead", "w"],
            ["webhook", "recover", "w1"], ["webhook", "rotate", "w1", "--grace", "-1"],
            ["webhook", "test", "w1", "--wait", "-1"], ["listen", "--secret", "nonsense"],
            ["listen", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--app", "a"],
            ["listen", "--status", "199"], ["listen", "--port", "65536"], ["listen", "--body", "--json"],
            ["listen", "--delay", "-1"], ["listen", "--count", "0"], ["listen", "--fail", "-1"],
        ])
    func wrong(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Cistern.parseAsRoot(arguments) }
        #expect(error.map { Cistern.exitCode(for: $0).rawValue } == 64, "\(arguments)")
    }

    @Test("Every sub-command's help has an example of it, as it is written")
    func help() {
        for command in WebhookCommand.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            #expect(command.configuration.discussion.contains("cistern webhook \(name)"), "\(name)")
        }
    }

    @Test("Times in lists are spans from now")
    func spans() {
        let text = { (time: String?) in WebhookWording.time(time, now: Self.now) }
        #expect(text("2027-01-15T07:59:48.500Z") == "11 s ago")
        #expect(text("2027-01-15T08:05:00Z") == "in 5 min")
        #expect(text("2027-01-14T00:00:00Z") == "32 h ago")
        #expect(text("2027-01-10T08:00:00Z") == "5 d ago")
        #expect(text(nil) == "-" && text("never\u{1B}") == "never\u{FFFD}")
    }

    @Test("Plurals that are not made with an s")
    func plurals() {
        #expect(Wording.plural(2, "delivery", "deliveries") == "2 deliveries")
        #expect(Wording.plural(1, "delivery", "deliveries") == "1 delivery")
    }
}
