/// wrk, run as a process: for closed loops at full speed.
struct Wrk: Sendable {
    let cores: Cores
    /// The Lua script: what is asked, and how the result is told.
    let script: String
    let connections: Int
    /// Whether refusals are what is wanted to be seen.
    var mayBeRefused = false

    /// One core a thread, but no more threads than are needed to saturate a server on one core.
    private var threads: Int { min(2, cores.count) }

    func run(_ url: String, seconds: Int, headers: [String] = [], arguments: [String] = []) async throws -> Loop {
        var words = ["wrk", "-t\(threads)", "-c\(connections)", "-d\(seconds)s", "--timeout", "10s", "-s", script]
        for header in headers { words += ["-H", header] }
        words += [url]
        if !arguments.isEmpty { words += ["--"] + arguments }
        let result = try Loop(output: try await Tool.run(words, cores: cores))
        guard result.requests > 0, result.errors == 0 || mayBeRefused else {
            throw Wrong("\(url) gave \(result.errors) wrong answers beside \(result.requests) right ones.")
        }
        return result
    }
}
