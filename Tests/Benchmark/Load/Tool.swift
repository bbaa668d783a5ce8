import Subprocess
import SystemPackage

/// A program that runs to its end on cores of its own, and at the latest until this process ends.
enum Tool {
    /// What it printed.
    static func run(_ words: [String], cores: Cores) async throws -> String {
        let command = ["--pdeathsig", "KILL", "--", "taskset", "-c", cores.list] + words
        let done = try await Subprocess.run(
            .name("setpriv"), arguments: Arguments(command), output: .string(limit: 1 << 20),
            error: .combinedWithOutput)
        guard case .exited(0) = done.terminationStatus else {
            throw Wrong("\(words[0]) ended with \(done.terminationStatus): \(done.standardOutput)")
        }
        return done.standardOutput
    }
}
