// The answer to a single push that was appended: one for the route and for the lane.

import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import NIOCore

struct PushAnswer {
    private let status: HTTPResponse.Status
    private let position: String
    private let location: String
    private let preferenceApplied: String?
    /// Nil for a 204.
    private let body: [UInt8]?

    /// - Parameters:
    ///   - isNew: Whether the change was appended now; else it is a repeat.
    ///   - didWait: Whether the answer was held back until something became of the change.
    init(_ document: ChangeDocument, isNew: Bool, _ preferences: Preferences, didWait: Bool = false) {
        let isMinimal = preferences.isMinimal && !document.needsBody
        position = document.receipt.description
        location = document.path
        preferenceApplied = preferences.applied(wait: didWait, minimal: isMinimal)
        status = isMinimal ? .noContent : isNew ? .created : .ok
        body = isMinimal ? nil : document.encoded(receipt: position)
    }

    var response: Response {
        var fields = HTTPFields()
        fields[.cisternPosition] = position
        fields[.location] = location
        fields[.preferenceApplied] = preferenceApplied
        guard let body else { return Response(status: status, headers: fields) }
        fields[.contentType] = ContentType.json.description
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    func write(into answers: AnswerBuffer) {
        var fields = AnswerFields()
        fields.add("Cistern-Position", position)
        fields.add("Location", location)
        if let preferenceApplied { fields.add("Preference-Applied", preferenceApplied) }
        if let body {
            fields.add("Content-Type", "application/json")
            fields.add("Content-Length", String(body.count))
        }
        answers.write(AnswerHead.of(status), fields, body: body)
    }
}
