// Batches of changes to one application from many clients at once: the way to a million.

import NIOCore

struct SoakPushing: Sendable {
    let application: String
    private let clients: [Client]

    /// Clients that push at the same time, each numbering its own changes.
    private static let count = 20
    private static let batch = 250

    init(_ application: String, port: Int) {
        self.application = application
        clients = (0..<Self.count).map { _ in Client(port: port) }
    }

    /// How the changes are named.
    enum Ids: Sendable {
        /// `<client>~<n>`, which the store keeps one record for per client. The changes before were so many.
        case numbered(after: Int)
        /// Each its own, which the store remembers.
        case single
    }

    /// - Parameter count: a multiple of 20.
    func push(_ count: Int, _ ids: Ids) async throws {
        let share = count / clients.count
        try await withThrowingTaskGroup { tasks in
            for (index, client) in clients.enumerated() {
                tasks.addTask {
                    for begin in stride(from: 0, to: share, by: Self.batch) {
                        let names = (begin..<min(begin + Self.batch, share)).map { number in
                            switch ids {
                            case .numbered(let before): "bench\(index)~\(before / clients.count + number + 1)"
                            case .single: "single-\(index)-\(number)"
                            }
                        }
                        try await push(names, client)
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    private func push(_ ids: [String], _ client: Client) async throws {
        let changes = ids.enumerated().map { index, id in
            """
            {"id":"\(id)","type":"application/vnd.cistern.patch+json","change":\
            [{"op":"increment","path":"/count","value":1},{"op":"add","path":"/last\(index % 50)","value":"\(id)"}]}
            """
        }
        let request = Request.put(
            "/v1/apps/\(application)/changes", type: "application/json", "[\(changes.joined(separator: ","))]")
        while true {
            let answer = try await client.send(request)
            switch answer.status {
            case 200: return
            // The backlog is full: what a client is told to do.
            case 429: try await Task.sleep(for: .milliseconds(20))
            default: throw Wrong("A batch was answered \(answer.status): \(answer.text.prefix(300))")
            }
        }
    }

    func close() async {
        for client in clients { await client.close() }
    }
}
