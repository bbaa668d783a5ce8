// The targets of requests that are about one application: `/v1/apps/{app}` and what follows, as ranges of bytes.

import RateLimits

package struct ApplicationPath {
    /// Not decoded, and not checked to be an application's.
    package let name: Range<Int>
    /// From the slash behind the name to the end, query included; empty where nothing follows.
    package let rest: Range<Int>

    private static let prefix: StaticString = "/v1/apps/"

    /// How routes are written that are about one application.
    package static func template(_ rest: String) -> String { "\(prefix){app}\(rest)" }

    /// Nil for all other targets.
    package init?(_ target: Range<Int>, in bytes: Span<UInt8>) {
        guard bytes.matches(Self.prefix, at: target.lowerBound) else { return nil }
        let start = target.lowerBound + Self.prefix.utf8CodeUnitCount
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        guard end > start else { return nil }
        name = start..<end
        rest = end..<target.upperBound
    }

    /// Whether the rest is this resource, with or without a query.
    package func names(_ resource: StaticString, in bytes: Span<UInt8>) -> Bool {
        let length = resource.utf8CodeUnitCount
        return bytes.matches(resource, at: rest.lowerBound)
            && (rest.count == length || rest.count > length && bytes[rest.lowerBound + length] == UInt8(ascii: "?"))
    }
}

extension ScannedRequest {
    /// The application that a request is about, for limits; nil if it is about none.
    func application(in bytes: Span<UInt8>) -> RateKey? {
        ApplicationPath(target, in: bytes).map { RateKey(bytes.extracting($0.name)) }
    }
}
