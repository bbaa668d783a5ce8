import FoundationEssentials
import NIOCore

enum CoreCount {
    /// How many cores this process may use: those that its control group and its CPU affinity (`taskset`, `CPUAffinity=`) leave it.
    static let available = max(1, min(System.coreCount, affine(status: procStatus) ?? .max))

    private static var procStatus: String { (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "" }

    /// The number of cores in `Cpus_allowed`, a mask in hexadecimal words (proc_pid_status(5)); nil if there is none.
    static func affine(status: String) -> Int? {
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        let count = line?.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).reduce(0) {
            $0 + $1.nonzeroBitCount
        }
        return count == 0 ? nil : count
    }
}
