// Ranges of bytes (RFC 9110 §14): one in a request. Of requests for several the whole is answered, as that allows.

package import HTTPTypes

package enum ByteRange: Equatable, Sendable {
    /// No part is asked for, or none that is understood, or only of what is another one by now; or there is nothing to take a part of.
    case whole
    /// At least one byte.
    case part(Range<Int>)
    /// There is no such byte.
    case unsatisfiable

    /// - Parameters:
    ///   - count: Of all bytes.
    ///   - etag: A strong tag of them.
    package init(_ method: HTTPRequest.Method, _ headers: HTTPFields, of count: Int, etag: String) {
        self = .whole
        // Only for GET are there ranges (§14.2).
        guard method == .get else { return }
        let fields = headers[values: .range]
        guard fields.count == 1, let spec = Self.spec(fields[0]) else { return }
        // A date is older than what has a tag, and a weak tag is none here (§13.1.5).
        if let condition = headers[.ifRange], HeaderGrammar.trim(condition[...]) != etag[...] { return }
        switch spec {
        case (let first?, let last?):
            guard first <= last else { return }
            self = first < count ? .part(first..<min(count, last + 1)) : .unsatisfiable
        case (let first?, nil): self = first < count ? .part(first..<count) : .unsatisfiable
        case (nil, 0?): self = .unsatisfiable
        // Of nothing the last bytes are all there are.
        case (nil, let suffix?): self = count > 0 ? .part(max(0, count - suffix)..<count) : .whole
        case (nil, nil): return
        }
    }

    /// `bytes=first-last`, `bytes=first-`, `bytes=-suffix`.
    private static func spec(_ field: String) -> (Int?, Int?)? {
        let text = HeaderGrammar.trim(field[...])
        guard text.lowercased().hasPrefix("bytes=") else { return nil }
        let ends = HeaderGrammar.trim(text.dropFirst(6)).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        var numbers: [Int?] = []
        for end in ends {
            guard end.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            // More digits than a number has lie behind every end.
            numbers.append(end.isEmpty ? nil : min(Int(end) ?? .max, .max - 1))
        }
        return (numbers[0], numbers[1])
    }
}
