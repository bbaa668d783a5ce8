/// A blocking mini-client of Redis' protocol for asking a test's server something without the client that is being
/// tested.
package final class RESPSocket {
    private let socket: BlockingSocket

    package init(to endpoint: Endpoint, timeout: Duration) throws {
        socket = try BlockingSocket(to: endpoint, timeout: timeout)
    }

    /// The reply as text; see `TestRedis.command`.
    package func command(_ arguments: [String]) throws -> String {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.utf8.count)\r\n\(argument)\r\n".utf8) }
        try socket.write(bytes)
        return try reply()
    }

    private func reply() throws -> String {
        let line = try socket.readLine()
        let rest = String(line.dropFirst())
        switch line.first {
        case "+", ":": return rest
        case "-": return line
        case "$":
            guard let count = Int(rest), count >= 0 else { return "" }
            let bytes = try socket.read(exactly: count + 2)
            return String(decoding: bytes.dropLast(2), as: UTF8.self)
        case "*":
            guard let count = Int(rest), count > 0 else { return "" }
            return try (0..<count).map { _ in try reply() }.joined(separator: "\n")
        default: throw TestSupportError("Not a reply of Redis: \(line)")
        }
    }
}
