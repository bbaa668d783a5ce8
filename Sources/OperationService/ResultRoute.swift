// What came of an operation: whole or in part, as often as wanted.

import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import NIOCore
import OperationQueue
import Operations

extension OperationRoutes {
    @Sendable func result(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .poll)
        let name = try call.operation(of: application)
        let answer: LookAnswer<OperationOutcome>
        do { answer = try await queue.outcome(of: name) } catch { throw Problem(error) }
        switch answer {
        case .gone: throw Problem.gone(name)
        case .unknown: throw Problem.unknown(name)
        case .found(let outcome):
            guard let result = outcome.document.result else { throw outcome.document.withoutResult }
            return try result.answer(outcome.result, to: call.request)
        }
    }
}

extension OperationDocument {
    fileprivate var withoutResult: Problem {
        guard status.isOver else {
            return Problem(.resultNotReady, "The operation is not over.").with("operation_status", status.rawValue)
                .retry(after: .seconds(retryAfter))
        }
        return Problem(.operationFailed, "The operation is over without a result.").with(
            "operation_status", status.rawValue)
    }
}

extension OperationDocument.Result {
    fileprivate func answer(_ bytes: [UInt8], to request: Request) throws(Problem) -> Response {
        let etag = digest.etag
        var headers: HTTPFields = [.eTag: etag, .cacheControl: "no-cache", .acceptRanges: "bytes"]
        let wanted = KnownTags(ifMatch: request.headers)
        guard wanted == .none || wanted.contains(etag) else {
            throw Problem(.preconditionFailed, "The result has the tag \(etag).")
        }
        guard !KnownTags(request.headers).contains(etag) else {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = mediaType
        // It is whatever a worker says that it is: no page of this server.
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        switch ByteRange(request.method, request.headers, of: bytes.count, etag: etag) {
        case .whole:
            headers[.contentDigest] = digest.field
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .part(let range):
            let part = bytes[range]
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
            headers[.contentDigest] = ContentDigest(of: part).field
            headers[.reprDigest] = digest.field
            return Response(
                status: .partialContent, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: part)))
        case .unsatisfiable:
            throw Problem(.rangeNotSatisfiable, "The result has \(bytes.count) bytes.").with("limit", bytes.count)
                .with(header: .contentRange, "bytes */\(bytes.count)")
        }
    }
}
