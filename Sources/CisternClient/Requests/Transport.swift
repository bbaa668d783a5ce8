// Sends requests until one is answered or the time for it is over. Every request of the contract may be sent again: a change carries its id, a
// state is only read.

import AsyncHTTPClient
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request, to be sent as often as it takes.
struct Request: Sendable {
    var method: HTTPMethod
    /// With the query.
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// How long the server was asked to wait before it answers.
    var wait: Duration = .zero
}

struct Answer: Sendable {
    let url: String
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
    /// Which attempt this answers; 1 for the first.
    let attempt: Int

    func header(_ name: String) -> String? { headers.first(name: name) }

    /// What the server asks for, an hour at most.
    var retryAfter: Duration? {
        header("Retry-After").flatMap { Int($0) }.map { .seconds(min(max($0, 0), 3_600)) }
    }
}

/// The connections of a client. They are closed by `shutdown()` or when the last reference goes.
final class Transport: Sendable {
    /// Bytes. Several of the largest states that a server can be set to keep.
    static let maximumAnswerBytes = 256 << 20
    /// To one server. Each live application may keep one busy with waiting; pushes must not wait behind these.
    static let mostConnections = 1_000
    /// Statuses after which the same request may succeed: the server's own 429 and 503, and those of proxies that could not reach it.
    static let passingStatuses: Set<Int> = [429, 502, 503, 504]

    private let http: HTTPClient
    let trust: Trust
    private let policy: RetryPolicy
    let clock: RetryClock
    let logger: Logger

    init(trust: Trust, policy: RetryPolicy, clock: RetryClock, logger: Logger) {
        self.trust = trust
        var configuration = HTTPClient.Configuration(tlsConfiguration: trust.tls)
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.mostConnections
        // Failures to connect are seen and counted here, not hidden in the pool.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.policy = policy
        self.clock = clock
        self.logger = logger
    }

    deinit {
        // Refers to the HTTP client until it is done, not to this object. An error means that it was shut down before.
        http.shutdown { [http] _ in _ = http }
    }

    func shutdown() async {
        try? await http.shutdown()
    }

    /// - Returns: any answer that is not worth another attempt, problems included.
    func send(_ request: Request, to base: String, policy: RetryPolicy? = nil) async throws(CisternError) -> Answer {
        let policy = policy ?? self.policy
        var schedule = RetrySchedule(policy)
        var generator = SystemRandomNumberGenerator()
        let start = clock.now()
        func elapsed() -> Duration { clock.now() - start }
        var attempt = 1
        var refusal: Answer?
        while true {
            let left = max(policy.deadline - elapsed(), .zero)
            let timeout = attempt == 1 ? policy.attemptTimeout : min(policy.attemptTimeout, left)
            let failure: Failure
            do {
                let answer = try await once(request, to: base, attempt: attempt, timeout: timeout + request.wait)
                guard Self.passingStatuses.contains(answer.status) else { return answer }
                refusal = answer
                failure = .answered(answer)
            } catch {
                if error == .cancelled || !error.isPassing { throw error }
                failure = .failed(error)
            }
            guard let pause = schedule.pause(after: failure.retryAfter, elapsed: elapsed(), using: &generator) else {
                switch failure {
                case .answered(let answer): return answer
                case .failed(let error):
                    // An attempt that only the deadline has ended says less than the last answer.
                    if let refusal, elapsed() >= policy.deadline { return refusal }
                    throw error
                }
            }
            logger.debug(
                "Sending again", metadata: ["path": "\(request.path)", "attempt": "\(attempt)", "pause": "\(pause)"])
            do { try await clock.sleep(pause) } catch { throw .cancelled }
            attempt += 1
        }
    }

    private enum Failure {
        case answered(Answer)
        case failed(CisternError)

        var retryAfter: Duration? {
            switch self {
            case .answered(let answer): answer.retryAfter
            case .failed: nil
            }
        }
    }

    /// One attempt.
    ///
    /// - Parameter timeout: of all of it, what the server was asked to wait included.
    func once(
        _ request: Request, to base: String, attempt: Int = 1, timeout: Duration
    ) async throws(CisternError) -> Answer {
        let url = base + request.path
        do {
            let deadline = NIODeadline.now() + TimeAmount(timeout)
            let response = try await http.execute(message(request, url), deadline: deadline, logger: logger)
            return try await Self.whole(response, url: url, attempt: attempt)
        } catch {
            throw Self.failure(error, url: base)
        }
    }

    /// One attempt whose answer has no end: its body comes in pieces, for as long as it is read.
    ///
    /// - Parameters:
    ///   - piece: is given each piece, in order; only if the status is 200.
    /// - Returns: the answer if it has another status; nil when the body has ended.
    func stream(
        _ request: Request, from base: String, _ piece: (ByteBuffer) throws(CisternError) -> Void
    ) async throws(CisternError) -> Answer? {
        let url = base + request.path
        do {
            let response = try await http.execute(
                message(request, url), deadline: .distantFuture, logger: logger)
            guard response.status == .ok else { return try await Self.whole(response, url: url, attempt: 1) }
            for try await bytes in response.body { try piece(bytes) }
            return nil
        } catch {
            throw Self.failure(error, url: base)
        }
    }

    private func message(_ request: Request, _ url: String) async throws(CisternError) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: url)
        message.method = request.method
        message.headers.add(name: "User-Agent", value: "cistern-client/\(CisternClient.version)")
        for (name, value) in try await trust.credentials(for: url) { message.headers.add(name: name, value: value) }
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        return message
    }

    private static func whole(_ response: HTTPClientResponse, url: String, attempt: Int) async throws -> Answer {
        do {
            let body = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return Answer(
                url: url, status: Int(response.status.code), headers: response.headers,
                body: Array(body.readableBytesView), attempt: attempt)
        } catch let error as NIOTooManyBytesError {
            let limit = error.maxBytes ?? Self.maximumAnswerBytes
            throw CisternError.unexpectedAnswer(
                url: url, status: 0, reason: "its body has more than \(limit) bytes")
        }
    }

    private static func failure(_ error: any Error, url: String) -> CisternError {
        if let error = error as? CisternError { return error }
        return Task.isCancelled || error is CancellationError ? .cancelled : CisternError(error, url: url)
    }
}

extension CisternError {
    init(_ error: any Error, url: String) {
        switch error {
        case let error as HTTPClientError where error == .invalidURL || error == .emptyHost || error == .emptyScheme:
            self = .invalidRequest("“\(url)” is no URL of a server; it looks like http://127.0.0.1:8080")
        case let error as HTTPClientError where error == .alreadyShutdown:
            self = .invalidRequest("The client was shut down before this request.")
        case let error as HTTPClientError:
            self = .unreachable(url: url, reason: error.shortDescription)
        case let error as NIOConnectionError:
            let reasons = error.connectionErrors.map { Self.reason($0.error) }
            self = .unreachable(
                url: url, reason: reasons.first ?? error.dnsAError.map { Self.reason($0) } ?? "the host is not known")
        default:
            self = .unreachable(url: url, reason: Self.reason(error))
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case ECONNREFUSED: "nobody listens there (connection refused)"
        case ECONNRESET, EPIPE: "the connection was closed"
        default: "\(error)"
        }
    }

    /// Whether the same request may succeed a little later.
    var isPassing: Bool {
        switch self {
        case .unreachable: true
        case .refused, .unexpectedAnswer, .invalidRequest, .cancelled: false
        }
    }
}
