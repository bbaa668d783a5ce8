// The entry: which servers, how patient; everything about one application is in Application.swift.

import Documents
import Fold
public import Logging

/// A client of Cistern servers. Copies share their connections; it may be used from any number of tasks.
///
///     let client = try CisternClient(url: "http://127.0.0.1:8080")
///     let board = try client.application("board")
///     let receipt = try await board.push(.mergePatch(#"{"title":"Plan"}"#))
///     let state = try await board.state(atLeast: receipt.position)
///
/// Requests that fail in passing are sent again within the limits of the ``RetryPolicy``. That never doubles a change, because it goes out with
/// the same id each time.
public struct CisternClient: Sendable {
    /// The release that this client belongs to.
    public static let version = Release.version

    let transport: Transport
    /// Of the server that states are read from, without a slash at the end.
    public let url: String
    /// Of the server that changes are pushed to; the same unless they are separate.
    public let pushURL: String

    /// - Parameters:
    ///   - url: of the server, or of the state-poll where it is separate: `http://127.0.0.1:8080`.
    ///   - pushURL: of the change-bucket, if that is separate.
    ///   - token: a token or an API key that says who asks and what they may do; without it the server has to let in everybody.
    ///   - authorities: certificates in PEM that an `https` server's has to lead to, instead of those that this machine believes.
    /// - Throws: ``CisternError/invalidRequest(_:)`` for something that is no URL of a server, no token, or no certificates.
    public init(
        url: String, pushURL: String? = nil, token: String? = nil, authorities: [UInt8]? = nil,
        retry: RetryPolicy = .standard,
        logger: Logger = Logger(label: "cistern-client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws(CisternError) {
        let token = try token.map { text throws(CisternError) in try Trust.check(text) }
        try self.init(
            url, pushURL, Trust(tokens: token.map { token in { @Sendable in token } }, authorities: authorities), retry,
            logger)
    }

    /// A client whose tokens expire.
    ///
    /// - Parameter token: is asked for the token of each request. If it throws, that counts as a server that does not answer.
    public init(
        url: String, pushURL: String? = nil, token: @escaping @Sendable () async throws -> String,
        authorities: [UInt8]? = nil, retry: RetryPolicy = .standard,
        logger: Logger = Logger(label: "cistern-client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws(CisternError) {
        try self.init(url, pushURL, Trust(tokens: token, authorities: authorities), retry, logger)
    }

    /// - Parameter clock: of the pauses between attempts.
    init(
        _ url: String, _ pushURL: String?, _ trust: Trust, _ retry: RetryPolicy, _ logger: Logger,
        clock: RetryClock = .continuous
    ) throws(CisternError) {
        self.url = try ServerURL.check(url)
        self.pushURL = try pushURL.map { text throws(CisternError) in try ServerURL.check(text) } ?? self.url
        transport = Transport(trust: trust, policy: retry, clock: clock, logger: logger)
    }

    /// Closes the connections now; requests that are under way fail. Without it they close when the last copy of the client goes.
    public func shutdown() async {
        await transport.shutdown()
    }

    /// The application of that name, whether it exists or not: the first change makes it.
    ///
    /// - Throws: ``CisternError/invalidRequest(_:)`` if `id` is not 1 to 128 of `A–Z a–z 0–9 . _ ~ -` with a letter or digit in front.
    public func application(_ id: String) throws(CisternError) -> Application {
        do {
            return Application(client: self, id: try ApplicationID(id).description)
        } catch {
            throw .invalidRequest("\(error)")
        }
    }

    /// A worker for operations of these kinds, which claims nothing before it is asked to.
    ///
    /// - Throws: ``CisternError/invalidRequest(_:)`` for names that are none, and for more than there may be.
    public func worker(_ options: Worker.Options) throws(CisternError) -> Worker {
        try Worker(self, options)
    }
}

enum ServerURL {
    /// Without slashes at the end.
    static func check(_ text: String) throws(CisternError) -> String {
        var url = text[...]
        while url.hasSuffix("/") { url = url.dropLast() }
        guard let scheme = ["http://", "https://"].first(where: { url.lowercased().hasPrefix($0) }),
            url.utf8.count > scheme.utf8.count,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !url.contains(where: { "?#\\\"".contains($0) })
        else {
            throw .invalidRequest("“\(text)” is no URL of a server; it looks like http://127.0.0.1:8080")
        }
        return String(url)
    }
}
