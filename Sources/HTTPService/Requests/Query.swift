// Query parameters, read strictly: what is not known is ignored, what is known has to be well.

import Documents
package import Fold

package struct Query: Sendable {
    private let pairs: [(name: String, value: String)]
    /// The first parameter that does not decode.
    private let broken: String?

    package init(_ text: String?) {
        var pairs: [(name: String, value: String)] = []
        var broken: String?
        for part in (text ?? "").split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? halves[1] : ""
            if let name = PercentDecoding.decode(halves[0]), let value = PercentDecoding.decode(value) {
                pairs.append((name, value))
            } else if broken == nil {
                broken = String(halves[0])
            }
        }
        self.pairs = pairs
        self.broken = broken
    }

    /// The value, nil if the parameter is absent. `+` stands for itself: these are paths and ids, not forms.
    ///
    /// Throws ``ProblemKind/invalidParameter`` if it is there twice or does not decode.
    package func string(_ name: String) throws(Problem) -> String? {
        let values = pairs.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard broken.map({ !$0.utf8.elementsEqual(name.utf8) }) ?? true else {
            throw Problem.invalidParameter(name, "has “%” without two hexadecimal digits, or bytes that are not UTF-8")
        }
        guard values.count <= 1 else { throw Problem.invalidParameter(name, "is given more than once") }
        return values.first?.value
    }

    /// A whole number in decimal digits.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try string(name) else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), range.contains(number)
        else {
            throw Problem.invalidParameter(name, "takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `1` or `true`, `0` or `false`; without a value it is true.
    package func flag(_ name: String) throws(Problem) -> Bool {
        switch try string(name) {
        case nil, "0", "false": return false
        case "1", "true", "": return true
        default: throw Problem.invalidParameter(name, "takes 1 or 0")
        }
    }

    /// A position or version, `<epoch>-<number>`, quoted, bare or weak.
    package func token<Kind>(_ name: String, as type: LogToken<Kind>.Type) throws(Problem) -> LogToken<Kind>? {
        guard let text = try string(name) else { return nil }
        guard let token = LogToken<Kind>(text) else {
            throw Problem.invalidParameter(name, "takes a token of the form <epoch>-<number>")
        }
        return token
    }
}

extension Problem {
    /// A query parameter or header field that cannot be understood; `problem` goes on the sentence “The parameter …”.
    package static func invalidParameter(_ name: String, _ problem: String) -> Problem {
        Problem(.invalidParameter, "The parameter “\(name)” \(problem).").with("parameter", name)
    }
}
