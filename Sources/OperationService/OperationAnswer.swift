// The answers about one operation.

import Documents
import HTTPService
import HTTPTypes
import Hummingbird
import Operations

extension OperationDocument {
    /// - Parameter isNew: says where it is, too.
    func answer(_ status: HTTPResponse.Status, isNew: Bool = false, waited: String? = nil) -> Response {
        var headers = fields(waited)
        if isNew {
            headers[.location] = path
            headers[.operationLocation] = path
        }
        return .json(document, status: status, headers: headers)
    }

    /// Over with a result: there it is.
    func redirect(waited: String?) -> Response {
        var headers = fields(waited)
        // The tag is that of the document, not of what stands at the other place.
        headers[.eTag] = nil
        headers[.location] = resultPath
        return .json(document, status: .seeOther, headers: headers)
    }

    func notModified(waited: String?) -> Response { Response(status: .notModified, headers: fields(waited)) }

    private func fields(_ waited: String?) -> HTTPFields {
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = "no-cache"
        headers[.preferenceApplied] = waited
        if !self.status.isOver { headers[.retryAfter] = String(retryAfter) }
        return headers
    }
}
