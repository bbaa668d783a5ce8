// The operations of an application, page by page.

import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import OperationQueue
import Operations

extension OperationRoutes {
    @Sendable func list(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .poll)
        let query = call.query
        let status = try query.string("status")
        let kind = try query.string("kind")
        let filter = OperationFilter(
            status: try status.map { text throws(Problem) in
                guard let status = OperationStatus(rawValue: text) else {
                    throw Problem.invalidParameter("status", "takes a status of an operation")
                }
                return status
            },
            kind: try kind.map { text throws(Problem) in
                do { return try OperationKind(text) } catch { throw Problem.invalidParameter("kind", "takes a kind") }
            })
        let after = try query.integer("after", in: 1...Int(maximumLogNumber))
        let limit = try query.integer("limit", in: OperationLimits.pages) ?? OperationLimits.usualPage
        let page: OperationPage
        do {
            page = try await queue.list(filter, of: application, after: after.map { UInt64($0) }, most: limit)
        } catch { throw Problem(error) }
        var members: [(String, Document)] = [("operations", .array(page.operations.map(\.document)))]
        var headers: HTTPFields = [.cacheControl: "no-cache"]
        if let next = page.next {
            members.append(("next", .string(String(next))))
            let parameters = [
                status.map { "status=\($0)" }, kind.map { "kind=\($0)" }, "after=\(next)", "limit=\(limit)",
            ]
            let link = "/v1/apps/\(application)/operations?" + parameters.compactMap { $0 }.joined(separator: "&")
            headers[.link] = "<\(link)>; rel=\"next\""
        }
        return .json(.object(members), headers: headers)
    }
}
