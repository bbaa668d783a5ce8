// What Linux knows about this process, under the names all Prometheus clients use.

import Glibc

/// Numbers of one process out of `/proc` (proc(5)).
struct ProcessStatus: Sendable, Hashable {
    /// Processor time of all threads, in the system and outside.
    var cpuSeconds: Double
    /// Seconds after the machine started.
    var startedAfterBoot: Double
    var residentBytes: Double
    var virtualBytes: Double

    /// Reads the text of `/proc/PID/stat`. The name of the program, in brackets, may contain anything.
    init?(stat: String, ticksPerSecond: Double, pageBytes: Double) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) }
        // Field 3 of the manual is the first here.
        guard fields.count > 21, let user = fields[11], let system = fields[12], let start = fields[19],
            let virtual = fields[20], let pages = fields[21]
        else { return nil }
        cpuSeconds = (user + system) / ticksPerSecond
        startedAfterBoot = start / ticksPerSecond
        virtualBytes = virtual
        residentBytes = pages * pageBytes
    }

    static func current() -> ProcessStatus? {
        ProcFile.read("/proc/self/stat").flatMap {
            ProcessStatus(
                stat: $0, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
                pageBytes: Double(sysconf(Int32(_SC_PAGESIZE))))
        }
    }

    /// Seconds since 1970 at which the machine started: the line `btime` of `/proc/stat`.
    static func bootTime() -> Double? {
        guard let text = ProcFile.read("/proc/stat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }
}

extension MetricsRegistry {
    /// Adds `process_…`: processor time, memory, open files and start.
    package func addProcessMetrics() {
        counter("process_cpu_seconds", help: "Processor time used, in seconds.") {
            ProcessStatus.current()?.cpuSeconds ?? .nan
        }
        gauge("process_resident_memory_bytes", help: "Memory in use, in bytes.") {
            ProcessStatus.current()?.residentBytes ?? .nan
        }
        gauge("process_virtual_memory_bytes", help: "Address space in use, in bytes.") {
            ProcessStatus.current()?.virtualBytes ?? .nan
        }
        gauge("process_open_fds", help: "Open file descriptors.") {
            ProcFile.entries("/proc/self/fd").map(Double.init) ?? .nan
        }
        gauge("process_max_fds", help: "File descriptors that may be open.") {
            var limit = rlimit()
            return unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
                ? Double(limit.rlim_cur) : .nan
        }
        if let boot = ProcessStatus.bootTime(), let status = ProcessStatus.current() {
            let start = boot + status.startedAfterBoot
            gauge("process_start_time_seconds", help: "Start of the process, in seconds since 1970.") { start }
        }
    }
}

/// Small files of `/proc`, whose sizes are not known before they are read.
private enum ProcFile {
    /// `/proc/stat` grows with the processors, about 100 bytes each, and names interrupts; the start of it is enough.
    static let longest = 1 << 20

    static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while content.count < longest {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { break }
            content += chunk.prefix(count)
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// How many entries a folder has, without `.`, `..` and the descriptor it takes to look.
    static func entries(_ path: String) -> Int? {
        guard let folder = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        return count - 3
    }
}
