// Where commands are run as people run them: a folder for what they write, the program `cistern` in the path, and a server.

import CisternClient
import Foundation
import SystemSupport
import TestSupport
import Testing

struct CommandPlace {
    let folder: String
    let url: String
    let board: Application

    /// A process of `cistern`.
    func start(_ words: [String]) throws -> ChildProcess {
        let process = ChildProcess(
            executable: try DaemonProcess.folder() + "/cistern",
            arguments: [words[0], "--url", url] + words.dropFirst(),
            output: "\(folder)/\(words[0])-\(UUID().uuidString)")
        try process.launch()
        return process
    }

    /// What a shell prints that runs the script.
    func shell(_ script: String) async throws -> String {
        let process = ChildProcess(
            executable: "/bin/bash",
            arguments: [
                "-c", "export PATH='\(try DaemonProcess.folder())':$PATH CISTERN_URL=\(url); cd \(folder); \(script)",
            ], output: "\(folder)/shell-\(UUID().uuidString)")
        try process.launch()
        try await eventually(within: .seconds(60), "the script ends: \(script)") { !process.isRunning }
        return process.printed
    }

    /// The lines of a file that commands write to.
    func lines(_ name: String) -> [String] {
        let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Whether a process that has written its number into this file is there.
    func isAlive(_ name: String) -> Bool {
        guard let pid = lines(name).last.flatMap({ Int32($0) }) else { return false }
        return kill(pid, 0) == 0
    }

    /// What stands indented in this section of the README, with this server in place of the usual one.
    func commands(ofReadme section: String) throws -> [String] {
        let readme = try String(
            contentsOf: URL(filePath: #filePath).appending(path: "../../../../README.md").standardizedFileURL,
            encoding: .utf8)
        let text = try #require(readme.components(separatedBy: "\n## ").first { $0.hasPrefix(section) })
        return text.split(separator: "\n").filter { $0.hasPrefix("    ") }.map {
            String($0.replacing("localhost:8080", with: url.dropFirst("http://".count)))
        }
    }
}

func withCommands(
    _ options: CisternOptions = .front, _ body: (CommandPlace, TestCistern) async throws -> Void
) async throws {
    try await withCistern(options) { system in
        let folder = "/tmp/cistern-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let client = try CisternClient(url: system.poller.url)
        try await body(
            CommandPlace(folder: folder, url: system.poller.url, board: try client.application("board")), system)
        await client.shutdown()
    }
}
