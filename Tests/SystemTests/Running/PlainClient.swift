import Foundation
import Synchronization
import TestSupport

/// A client that knows nothing of Cistern and never sends anything twice: one request after another on a connection that it keeps until
/// an answer says that it ends (RFC 9112 §9.6). Whatever else becomes of a request is a failure.
final class PlainClient: Sendable {
    struct Tally: Sendable {
        var answers = 0
        var connections = 0
        var slowest = Duration.zero
        var failures: [String] = []

        static func + (one: Tally, other: Tally) -> Tally {
            Tally(
                answers: one.answers + other.answers, connections: one.connections + other.connections,
                slowest: max(one.slowest, other.slowest), failures: one.failures + other.failures)
        }
    }

    struct Request: Sendable {
        var head: String
        var body = ""
        /// Any other status is a failure.
        var statuses: Set<Int>
    }

    private let port: Int
    /// Between an answer and the next request.
    private let pause: Duration
    /// The next request, by number and the version that was seen last.
    private let next: @Sendable (Int, String?) -> Request
    private let tally = Mutex(Tally())
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(port: Int, pause: Duration, next: @escaping @Sendable (Int, String?) -> Request) {
        self.port = port
        self.pause = pause
        self.next = next
    }

    func start() {
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Ends it behind an answer.
    func stop() -> Tally {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        return seen
    }

    var seen: Tally { tally.withLock { $0 } }

    func forgetSlowest() { tally.withLock { $0.slowest = .zero } }

    private func run() {
        var connection: WireConnection?
        var version: String?
        var number = 0
        while !isStopped.load(ordering: .relaxed) {
            number += 1
            let request = next(number, version)
            let began = ContinuousClock.now
            do {
                let isNew = connection == nil
                let present = try connection ?? WireConnection(port: port)
                connection = present
                let answer = try Self.exchange(request, on: present)
                version = answer.version ?? version
                if answer.isLast { connection = nil }
                tally.withLock {
                    $0.answers += 1
                    $0.connections += isNew ? 1 : 0
                    $0.slowest = max($0.slowest, .now - began)
                }
            } catch {
                connection = nil
                tally.withLock { $0.failures.append("\(request.head.prefix(60)): \(error)") }
            }
            usleep(UInt32(pause / .microseconds(1)))
        }
    }

    private struct Answer {
        let version: String?
        let isLast: Bool
    }

    private static func exchange(_ request: Request, on connection: WireConnection) throws -> Answer {
        connection.forget()
        let length = request.body.isEmpty ? "" : "Content-Length: \(request.body.utf8.count)\r\n"
        connection.send(Array("\(request.head)\r\nHost: x\r\n\(length)\r\n\(request.body)".utf8)[...])
        connection.read(until: .now + .seconds(30)) { wholeLength(of: $0) != nil }
        guard wholeLength(of: connection.received) != nil else {
            throw TestSupportError(
                "no answer, \(connection.hasEnded ? "closed" : "open") after \(connection.received.count) bytes")
        }
        let text = String(decoding: connection.received, as: UTF8.self)
        let lines = text.prefix(upTo: text.firstRange(of: "\r\n\r\n")?.upperBound ?? text.endIndex).split(
            separator: "\r\n")
        let status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        guard request.statuses.contains(status) else { throw TestSupportError("\(text.prefix(400))") }
        let version = lines.first { $0.hasPrefix("ETag: ") }?.dropFirst(6)
        return Answer(
            version: version.map(String.init),
            isLast: lines.contains { $0.lowercased() == "connection: close" })
    }

    /// Nil as long as an answer is not whole.
    private static func wholeLength(of bytes: [UInt8]) -> Int? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        let isBodyless = head.hasPrefix("http/1.1 304") || head.hasPrefix("http/1.1 204")
        let whole = end.upperBound + (isBodyless ? 0 : length ?? 0)
        return bytes.count >= whole ? whole : nil
    }
}
