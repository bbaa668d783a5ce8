// Runs spin on one of the models beside this file: spin writes a checker in C, gcc builds it, and it searches every run there is.

import Foundation
import Testing

/// A model with its sizes and switches, as `spin -D…` takes them.
struct Configuration: Sendable, CustomTestStringConvertible {
    let model: String
    let switches: [String]
    /// What pan is built with besides: the order of its search decides how soon it finds something.
    var search: [String] = []

    init(_ model: String, _ switches: String, search: [String] = []) {
        self.model = model
        self.switches = switches.split(separator: " ").map { "-D\($0)" }
        self.search = search
    }

    var testDescription: String { ([model] + switches).joined(separator: " ") }
}

/// What a search ended with.
struct SearchResult: Sendable {
    /// The number of the promise that a run broke; nil if none did.
    let brokenPromise: Int?
    let states: Int
    /// Whether every state was reached: no limit of depth or memory, no error.
    let complete: Bool
    let output: String
}

struct ModelCheckerError: Error, CustomStringConvertible {
    let description: String
}

enum ModelChecker {
    /// Steps of the longest run; the search says so if a run is longer.
    private static let depth = 200_000
    /// Megabytes a search may take; the largest one here takes a fifth.
    private static let memory = 1_800

    static let missing: [String] = ["spin", "gcc"].filter { path(of: $0) == nil }

    static func path(of program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/local/bin"])
            .map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// - Parameter thorough: whether the whole space will be searched, which pays for an optimised checker.
    static func search(_ configuration: Configuration, thorough: Bool) throws -> SearchResult {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cistern-model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        guard let model = Bundle.module.url(forResource: configuration.model, withExtension: "pml") else {
            throw ModelCheckerError(description: "\(configuration.model).pml is not among the test's resources.")
        }
        try run("spin", ["-a"] + configuration.switches + [model.path], in: folder)
        try run(
            "gcc",
            [thorough ? "-O1" : "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", "-DNOFAIR", "-DMEMLIM=\(memory)"]
                + configuration.search + ["-o", "pan", "pan.c"], in: folder)
        let output = try run("\(folder.path)/pan", ["-m\(depth)", "-w22"], in: folder)
        return SearchResult(
            brokenPromise: output.firstMatch(of: /assertion violated +\(\((\d+)==0\)/).flatMap { Int($0.1) },
            states: output.firstMatch(of: /(\d+) states, stored/).flatMap { Int($0.1) } ?? 0,
            complete: output.contains("errors: 0") && !output.contains("Search not completed")
                && !output.contains("max search depth too small"),
            output: output)
    }

    /// Runs a program to its end and answers what it printed. A failure of pan is an answer, one of spin or gcc is not.
    @discardableResult
    private static func run(_ program: String, _ arguments: [String], in folder: URL) throws -> String {
        guard let executable = program.hasPrefix("/") ? program : path(of: program) else {
            throw ModelCheckerError(description: "\(program) is not installed: apt-get install spin gcc")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 || program.hasPrefix("/") else {
            throw ModelCheckerError(description: "\(program) \(arguments.joined(separator: " ")) failed: \(output)")
        }
        return output
    }
}
