import ArgumentParser
import CisternClient
import Testing

@testable import cistern

@Suite("Command lines")
struct ArgumentTests {
    @Test("push takes an application, a patch, a kind and conditions")
    func push() throws {
        let command = try #require(
            Cistern.parseAsRoot([
                "push", "board", "{}", "--json-patch", "--id", "c1", "--if-match", "e-3", "--wait", "5",
            ]) as? PushCommand)
        #expect(command.app == "board")
        #expect(command.patch == "{}")
        #expect(command.kind == .jsonPatch)
        #expect(try command.condition() == Version("e-3").map { .version($0) })
        let plain = try #require(Cistern.parseAsRoot(["push", "board"]) as? PushCommand)
        #expect(plain.patch == "-")
        #expect(plain.kind == .mergePatch)
        #expect(try plain.condition() == nil)
    }

    @Test("up keeps to itself unless told otherwise")
    func up() throws {
        let command = try #require(Cistern.parseAsRoot(["up", "--port", "8080", "--port", "9000"]) as? UpCommand)
        #expect(command.host == "127.0.0.1")
        #expect(command.port == 9_000)
        #expect(!command.split)
    }

    @Test("A trace's application is the name of its file")
    func application() {
        #expect(ReplayCommand.application(ofFile: "/a/b/board.x.ndjson") == "board")
        #expect(ReplayCommand.application(ofFile: "board") == "board")
    }

    @Test(
        "Wrong usage has the exit status of wrong usage",
        arguments: [
            ["push"], ["push", "a", "{}", "--wait", "0"], ["push", "a", "{}", "--if-match", "x"],
            ["push", "a", "{}", "--if-match", "*", "--if-new"],
            ["push", "a", "{}", "--json-patch", "--cistern-patch"], ["state", "a", "--at-least", "5"],
            ["state", "a", "--wait", "61"],
            ["push", "a", "-", "--wait", "5"], ["push", "a", "--id", "c"], ["push", "a", "{}", "--keep", "f"],
            ["watch", "a", "--way", "socket"], ["watch", "a", "--live", "--way", "pigeon"],
            ["tail", "a", "--after", "x"],
            ["watch", "a", "--count", "0"], ["up", "--port", "65536"], ["up", "--split", "--port", "65535"],
            ["up", "--host", ""], ["up", "--host", "fe80::1%eth0", "--split", "--allow-anonymous"],
            ["up", "--state-limit", "65"], ["replay", "f", "--batch", "1001"], ["delete", "a", "--if-match", "x"],
            ["no-such-command"],
            ["apps", "--patience", "-1"],
        ])
    func wrong(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Cistern.parseAsRoot(arguments) }
        #expect(error.map { Cistern.exitCode(for: $0).rawValue } == 64)
    }

    @Test("Every command's help has an example")
    func help() {
        for command in Cistern.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            #expect(command.configuration.discussion.contains("cistern \(name)"), "\(name)")
            #expect(!command.configuration.abstract.isEmpty)
        }
    }

    @Test("Failures have a status for scripts")
    func failures() {
        #expect(Failure(.unreachable(url: "u", reason: "r")).status == .unavailable)
        #expect(Failure(.invalidRequest("r")).status == .usage)
        #expect(Failure(.unexpectedAnswer(url: "u", status: 200, reason: "r")).status == .unavailable)
        #expect(Failure(.unreachable(url: "u", reason: "r")).description.contains("cistern up"))
    }
}
