// What cross-origin requests add to an answer's head, as bytes that are ready beforehand. CrossOrigin.swift does the same for routes.

import Fold
import HTTPTypes

struct CrossOriginFields {
    private let any: Bool
    private let allowed: [(origin: [UInt8], fields: [UInt8])]
    private let others: [UInt8]

    init(_ policy: CrossOriginPolicy) {
        any = policy.allowsAny
        others = policy.allowsAny ? [] : Self.vary
        allowed = policy.origins.map { origin in
            var fields = AnswerFields()
            fields.add("Access-Control-Allow-Origin", origin)
            fields.add("Access-Control-Expose-Headers", CrossOriginPolicy.exposedHeaders)
            return (Array(origin.utf8), fields.bytes + (policy.allowsAny ? [] : Self.vary))
        }
    }

    private static let vary = Array("Vary: Origin\r\n".utf8)

    /// - Parameter origin: where the Origin field's value stands; empty if there is none.
    func fields(for origin: Range<Int>, in bytes: Span<UInt8>) -> [UInt8] {
        guard !origin.isEmpty else { return others }
        // A page may have been given a list of origins with “*” among them; then “*” is the answer to all.
        return allowed.first { any ? $0.origin == [UInt8(ascii: "*")] : bytes.equals($0.origin, at: origin) }?.fields
            ?? others
    }
}
