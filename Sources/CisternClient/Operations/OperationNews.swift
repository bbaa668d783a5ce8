// An operation as it goes on: asked for by questions that wait at the server.

/// How an operation stands, each time that it stands otherwise. Ends behind the document that says how it ended.
///
/// Servers that do not answer are asked again within the limits of the client's ``RetryPolicy``; when these are reached it throws, and may be begun
/// anew.
public struct OperationNews: AsyncSequence, Sendable {
    public typealias Element = LongOperation
    public typealias Failure = CisternError

    /// How long a question waits at the server: below the minute after which proxies end silent requests.
    private static let wait: Duration = .seconds(50)
    /// Until the next question to a server that did not wait, and does not say when to come.
    static let usualPause: Duration = .seconds(1)

    let application: Application
    let id: String

    public func makeAsyncIterator() -> Iterator { Iterator(application: application, id: id) }

    public struct Iterator: AsyncIteratorProtocol {
        let application: Application
        let id: String
        private var known: LongOperation?

        init(application: Application, id: String) {
            self.application = application
            self.id = id
        }

        public mutating func next() async throws(CisternError) -> LongOperation? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(CisternError) -> LongOperation? {
            if known?.status.isOver == true { return nil }
            while true {
                let (operation, pause) = try await application.look(id, after: known, wait: OperationNews.wait)
                if operation.tag != known?.tag || operation != known {
                    known = operation
                    return operation
                }
                do { try await application.client.transport.clock.sleep(pause) } catch { throw .cancelled }
            }
        }
    }
}
