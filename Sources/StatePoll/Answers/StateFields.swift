// The header fields of a state's answers, in one place for the route and for the lane.

import Fold
import HTTPService
import HTTPTypes

enum StateFields {
    /// What depends on the state alone.
    static func fields(etag: String, position: PositionToken, type: ContentType = .json) -> HTTPFields {
        var fields = HTTPFields()
        fields[.contentType] = type.description
        fields[.eTag] = etag
        fields[.cisternPosition] = position.description
        fields[.vary] = negotiated
        return fields
    }

    /// Of many applications in one answer.
    static var many: HTTPFields {
        var fields = HTTPFields()
        fields[.contentType] = ContentType.json.description
        fields[.vary] = "A-IM"
        return fields
    }

    /// Of a stream of events.
    static var events: HTTPFields {
        var fields = HTTPFields()
        fields[.contentType] = ContentType.events.description
        fields[.vary] = negotiated
        // nginx holds answers back until they are long enough, unless it is told not to.
        fields[.accelBuffering] = "no"
        return fields
    }

    /// What the contract lets decide about the form of a state. Named also where it makes no difference: what a cache keeps of an
    /// answer must never be given to somebody who asks for a delta, events or another encoding.
    private static let negotiated = "Accept, Accept-Encoding, A-IM"

    /// What depends on the server and on who asks.
    static func fields(isPrivate: Bool, pollInterval: Duration) -> HTTPFields {
        var fields = HTTPFields()
        fields[.cacheControl] = isPrivate ? "private, no-cache" : "no-cache"
        if isPrivate { fields[.vary] = "Authorization" }
        fields[.cisternPollInterval] = String(pollInterval.wholeMilliseconds)
        return fields
    }
}
