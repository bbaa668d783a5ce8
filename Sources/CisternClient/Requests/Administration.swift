// What operators ask: which applications there are and whether the server is well.

import Fold
import NIOHTTP1

/// Where an application stands.
public struct ApplicationStatus: Sendable, Hashable {
    public let application: String
    public let epoch: String
    /// Position of the last change that was applied.
    public let version: UInt64
    /// Position up to which everything is folded in and published.
    public let position: UInt64
    /// Position that was given out last.
    public let tail: UInt64
    /// Changes that wait to be merged.
    public let pending: Int
    /// Size of the state.
    public let bytes: Int
    /// Position of the stored state that the log begins after.
    public let checkpoint: UInt64
    /// RFC 3339, UTC; nil for what has not happened yet.
    public let created: String?
    public let pushed: String?
    public let merged: String?
    /// The server's own words.
    public let json: JSONText
}

/// What `/readyz` says.
public struct Readiness: Sendable, Hashable {
    public let isReady: Bool
    /// What was looked at, as the server tells it.
    public let json: JSONText
    /// What is missing, in a sentence; empty if nothing is.
    public let detail: String
}

extension CisternClient {
    /// The applications whose ids begin with `prefix`, in the order of their ids.
    public func applications(prefix: String = "") -> PagedList<ApplicationStatus> {
        let list = "/v1/apps?limit=1000&prefix=" + prefix.percentEncoded
        return PagedList(first: list) { target async throws(CisternError) in
            let answer = try await self.transport.send(Request(method: .GET, path: target), to: self.url)
            guard answer.status == 200 else { throw AnswerReading.failure(answer) }
            let (apps, next) = try AnswerReading.page(answer)
            return (apps, next.map { list + "&after=" + $0.percentEncoded })
        }
    }

    /// Whether the server can do its work.
    ///
    /// - Parameter isBucket: whether to ask the server that changes are pushed to.
    public func readiness(ofBucket isBucket: Bool = false) async throws(CisternError) -> Readiness {
        // No answer is worth another attempt here: 503 is one.
        let answer = try await transport.send(
            Request(method: .GET, path: "/readyz"), to: isBucket ? pushURL : url,
            policy: RetryPolicy(deadline: .zero, attemptTimeout: .seconds(5)))
        return try AnswerReading.readiness(answer)
    }
}

extension String {
    /// For a value in a query: everything but unreserved characters as `%XX` (RFC 3986 §2.3).
    var percentEncoded: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
