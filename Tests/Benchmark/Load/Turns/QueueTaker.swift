// The peer of operations: the same three round trips to Redis itself, with plain commands of the same sizes and nothing of what makes an
// operation one (once for its id, a lease, a result that counts once, deadlines, an event):
//
//   make    HSET op:<id> status queued kind bench input <100 bytes>, and in the same write ZADD line <number> <id>
//   claim   ZPOPMIN line
//   finish  HSET op:<id> status succeeded result <100 bytes>

import NIOCore

final class QueueTaker: TurnTaker {
    private let connection: LineConnection
    private let prefix: String
    private var made = 0
    private(set) var finished: [String] = []

    init(_ connection: LineConnection, prefix: String) {
        self.connection = connection
        self.prefix = prefix
    }

    func turn(_ done: @escaping (Result<Void, any Error>) -> Void) {
        made += 1
        let id = "\(prefix)-\(made)"
        var make = Self.command("HSET", "op:\(id)", "status", "queued", "kind", "bench", "input", OperationTaker.input)
        make.writeImmutableBuffer(Self.command("ZADD", "line", "\(made)", id))
        connection.ended = { done(.failure($0)) }
        connection.ask(make, lines: 2) { [self] lines in
            guard lines == [":3", ":1"] else { return done(.failure(Wrong("Redis answers \(lines)."))) }
            // An array of two, each with its length.
            connection.ask(Self.command("ZPOPMIN", "line"), lines: 5) { [self] lines in
                guard lines[0] == "*2" else { return done(.failure(Wrong("Redis answers \(lines)."))) }
                let id = lines[2]
                let finish = Self.command("HSET", "op:\(id)", "status", "succeeded", "result", OperationTaker.result)
                connection.ask(finish, lines: 1) { [self] lines in
                    guard lines == [":1"] else { return done(.failure(Wrong("Redis answers \(lines)."))) }
                    finished.append(id)
                    done(.success(()))
                }
            }
        }
    }

    func close() { connection.close() }

    private static func command(_ words: String...) -> ByteBuffer {
        ByteBuffer(
            string: "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
    }
}
