// For what is not measured: preparing, checking, asking for metrics. One request at a time on a connection that is kept.

import NIOCore
import NIOPosix

actor Client {
    let port: Int
    private var connection: NIOLoopBound<Connection>?
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    init(port: Int) {
        self.port = port
    }

    /// Longer than anything that is asked for here.
    private static let timeout = TimeAmount.seconds(60)

    /// A connection that has ended, because a server was restarted, is opened anew by the next request.
    func send(_ request: ByteBuffer) async throws -> Answer {
        let open = try await connected()
        connection = nil
        let loop = loop
        let answer: Answer = try await loop.flatSubmit {
            let promise = loop.makePromise(of: Answer.self)
            let connection = open.value
            let deadline = loop.scheduleTask(in: Self.timeout) {
                promise.fail(Wrong("No answer within a minute."))
            }
            connection.receive = { promise.succeed($0) }
            connection.ended = { promise.fail($0) }
            promise.futureResult.whenComplete { _ in deadline.cancel() }
            connection.send(request)
            return promise.futureResult
        }.get()
        connection = open
        return answer
    }

    private func connected() async throws -> NIOLoopBound<Connection> {
        if let connection, try await loop.submit({ connection.value.isOpen }).get() { return connection }
        return try await Connection.open(port: port, on: loop).get()
    }

    func get(_ path: String, ifNoneMatch: String? = nil) async throws -> Answer {
        try await send(Request.get(path, ifNoneMatch: ifNoneMatch))
    }

    func close() {
        guard let open = connection else { return }
        connection = nil
        loop.execute { open.value.close() }
    }
}

extension Client {
    func push(_ patch: String, id: String, to application: String) async throws {
        let answer = try await send(
            Request.put(Request.change(id, of: application), type: Request.mergePatch, patch))
        guard answer.status == 201 else { throw Wrong("A push was answered \(answer.status): \(answer.text)") }
    }

    /// Pushes a state to a new application and waits until that is what is served.
    ///
    /// - Returns: the answer to the poll.
    func found(_ application: String, state: String) async throws -> Answer {
        try await push(state, id: "begin", to: application)
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let answer = try await get(Request.state(of: application))
            if answer.status == 200, answer.text == state { return answer }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Wrong("\(application) does not show what was pushed to it.")
    }

    /// A figure of the server's own metrics.
    func metric(_ name: String) async throws -> Double {
        let lines = try await get("/metrics").text.split(separator: "\n")
        guard let value = lines.first(where: { $0.hasPrefix("\(name) ") })?.split(separator: " ").last,
            let number = Double(value)
        else { throw Wrong("The metrics do not tell \(name).") }
        return number
    }
}
