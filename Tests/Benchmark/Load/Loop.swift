/// What a closed loop did, in the words of our wrk scripts, Node script and merge loop alike.
struct Loop: Sendable, Equatable {
    let requests: Int
    let seconds: Double
    let bytes: Int
    /// Answers with status 400 and above, broken connections, timeouts.
    let errors: Int

    var perSecond: Double { Double(requests) / seconds }

    /// Reads `result requests=… microseconds=… bytes=… errors=…`.
    init(output: String) throws {
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("result ") }) else {
            throw Wrong("There is no result in: \(output)")
        }
        var values: [Substring: Int] = [:]
        for field in line.split(separator: " ").dropFirst() {
            let parts = field.split(separator: "=")
            if parts.count == 2 { values[parts[0]] = Int(parts[1]) }
        }
        guard let requests = values["requests"], let microseconds = values["microseconds"],
            let bytes = values["bytes"], let errors = values["errors"], microseconds > 0
        else { throw Wrong("The result is not complete: \(line)") }
        self.requests = requests
        self.bytes = bytes
        self.errors = errors
        seconds = Double(microseconds) / 1_000_000
    }
}
