// The Prefer header (RFC 7240): how long an answer may wait, and whether it needs a body.

package import HTTPTypes

package struct Preferences: Equatable, Sendable {
    /// The longest that an answer is ever held back: less than the minute or so after which proxies give up.
    package static let longestWait = Duration.seconds(60)

    /// `wait=N`, at most ``longestWait``; nil if there is none.
    package let wait: Duration?
    /// `return=minimal`.
    package let isMinimal: Bool

    package static let none = Preferences(wait: nil, isMinimal: false)
    package static let minimal = Preferences(wait: nil, isMinimal: true)

    init(wait: Duration?, isMinimal: Bool) {
        self.wait = wait
        self.isMinimal = isMinimal
    }

    /// Reads all Prefer fields. What is not known or not well is ignored, and of a preference that is given twice the first
    /// counts (RFC 7240 §2).
    package init(_ headers: HTTPFields) {
        var seen: [String: String] = [:]
        for field in headers[values: .prefer] {
            for preference in HeaderGrammar.split(field[...], at: ",") {
                // Parameters behind a semicolon belong to preferences we do not know.
                guard let first = HeaderGrammar.split(preference, at: ";").first,
                    let (name, value) = HeaderGrammar.parameter(first)
                else { continue }
                let key = name.lowercased()
                if seen[key] == nil { seen[key] = value ?? "" }
            }
        }
        isMinimal = seen["return"]?.lowercased() == "minimal"
        wait = seen["wait"].flatMap(Self.wait)
    }

    private static func wait(_ text: String) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        // More digits than an Int has are still a number, only a large one.
        return Int(text).map { min(.seconds($0), longestWait) } ?? longestWait
    }

    /// The value of `Preference-Applied` (RFC 7240 §3) for what was followed, nil if nothing was.
    package func applied(wait didWait: Bool = false, minimal isWithoutBody: Bool = false) -> String? {
        var applied: [String] = []
        if isMinimal, isWithoutBody { applied.append("return=minimal") }
        if let wait, didWait { applied.append("wait=\(wait.components.seconds)") }
        return applied.isEmpty ? nil : applied.joined(separator: ", ")
    }
}
