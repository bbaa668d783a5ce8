import Foundation
import Subprocess

/// Processor cores, as taskset(1) writes them.
struct Cores: Sendable, Equatable {
    let numbers: [Int]

    var count: Int { numbers.count }
    var list: String { numbers.map(String.init).joined(separator: ",") }

    init(_ numbers: [Int]) {
        self.numbers = numbers
    }

    /// Reads `0`, `1,3` and `1-3`; nil for anything else.
    init?(_ text: String) {
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
                first <= last
            else { return nil }
            numbers += first...last
        }
        guard !numbers.isEmpty else { return nil }
        self.numbers = numbers
    }

    /// Those that this process may use.
    static var available: Cores {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Cores(String($0)) } ?? Cores([0])
    }

    /// Keeps this process on these cores, with all threads that it has and will have.
    func pin() async throws {
        let done = try await Subprocess.run(
            .name("taskset"), arguments: ["-a", "-c", "-p", list, "\(ProcessInfo.processInfo.processIdentifier)"],
            output: .discarded, error: .discarded)
        guard case .exited(0) = done.terminationStatus else { throw Wrong("taskset cannot use the cores \(list).") }
    }
}
