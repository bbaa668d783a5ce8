import ArgumentParser
import CisternClient
import Subprocess
import Testing

@testable import cistern

@Suite("What a worker's command says, and how it ends")
struct WorkTests {
    @Test(
        "Lines of standard error that are for the worker",
        arguments: [
            ("::progress 40", .progress(.init(percent: 40))), ("::progress 40.5%", .progress(.init(percent: 40.5))),
            ("::progress 40  Drawing columns", .progress(.init(percent: 40, message: "Drawing columns"))),
            ("::progress 3/10", .progress(.init(completed: 3, total: 10))),
            ("::progress 3/10 of them", .progress(.init(completed: 3, total: 10, message: "of them"))),
            (#"::checkpoint {"row":300}"#, .checkpoint(#"{"row":300}"#)),
            ("::error There is no board", .error("There is no board")),
        ] as [(String, ChildLine)])
    func lines(_ line: String, _ meaning: ChildLine) {
        #expect(ChildLine(line) == meaning)
    }

    @Test(
        "What is not well stays a line for people",
        arguments: [
            "", "Reading", ":: progress 40", "::progress", "::progress much", "::progress 140", "::progress -1",
            "::progress 1/2/3", "::progress /", "::progress -1/2", "::checkpoint", "::checkpoint {", "::error",
            "progress 40",
        ])
    func text(_ line: String) {
        #expect(ChildLine(line) == .text(line))
    }

    @Test(
        "Status 0 is a result, 65 the end, anything else another attempt; why is what it said, or the end of what it wrote"
    )
    func endings() throws {
        func failure(_ status: TerminationStatus, error: String? = nil, tail: [String] = []) -> WorkFailure? {
            do throws(WorkFailure) {
                _ = try ChildEnding(status: status, output: [1], error: error, tail: tail).result(mediaType: "a/b")
                return nil
            } catch {
                return error
            }
        }
        let done = ChildEnding(status: .exited(0), output: [1, 2], error: "no", tail: ["no"])
        #expect(try done.result(mediaType: "a/b") == OperationResult(bytes: [1, 2], mediaType: "a/b"))
        #expect(
            failure(.exited(65), error: "None", tail: ["a"])
                == WorkFailure(code: "exit-65", message: "None", isRetryable: false))
        #expect(
            failure(.exited(1), tail: ["a", "b"]) == WorkFailure(code: "exit-1", message: "a\nb", isRetryable: true))
        #expect(failure(.signaled(9))?.message == "The command was ended by signal 9.")
        #expect(failure(.signaled(9))?.isRetryable == true)
    }

    @Test("worker takes kinds, applications and a command; operation start an application, a kind and an input")
    func arguments() throws {
        let worker = try #require(
            Cistern.parseAsRoot([
                "worker", "--kind", "a", "--kind", "b", "--app", "board", "--jobs", "4", "--", "./run", "--fast",
            ]) as? WorkerCommand)
        #expect(worker.kind == ["a", "b"] && worker.app == ["board"] && worker.command == ["./run", "--fast"])
        let start = try #require(
            Cistern.parseAsRoot(["operation", "start", "board", "export", "{}", "--id", "e1", "--wait"])
                as? OperationStartCommand)
        #expect(start.app == "board" && start.kind == "export" && start.input == "{}" && start.wait)
        for words in [
            ["worker", "--", "x"], ["worker", "--kind", "a"], ["worker", "--kind", "a", "--jobs", "33", "--", "x"],
            ["operation", "list", "board", "--status", "over"], ["operation", "start", "a", "b", "--priority", "10"],
        ] {
            #expect(throws: (any Error).self, "\(words)") { _ = try Cistern.parseAsRoot(words) }
        }
    }
}
