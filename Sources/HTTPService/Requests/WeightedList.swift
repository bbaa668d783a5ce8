// Lists of choices with weights (RFC 9110 §12.4.2), as in Accept, Accept-Encoding and A-IM.

package import HTTPTypes

package struct WeightedList: Equatable, Sendable {
    struct Choice: Equatable, Sendable {
        /// In lower case.
        let name: String
        /// 0 to 1 000 thousandths; 0 means “not this”.
        let weight: Int
    }

    private let choices: [Choice]

    /// More choices than browsers send by far; the rest is not looked at.
    private static let maximumChoices = 32

    /// - Parameter fields: the values of all fields of the name. What is not well in them is passed over.
    package init(_ fields: [String]) {
        choices = Array(
            fields.lazy.flatMap { HeaderGrammar.split($0[...], at: ",") }.compactMap(Self.choice)
                .prefix(Self.maximumChoices))
    }

    package init(_ headers: HTTPFields, _ name: HTTPField.Name) { self.init(headers[values: name]) }

    /// The first of the heaviest among `names`, in the order in which the client lists them; nil if it wants none of them. Wildcards
    /// name nothing.
    package func preferred(among names: [String]) -> String? {
        var best: Choice?
        for choice in choices where choice.weight > (best?.weight ?? 0) && names.contains(choice.name) { best = choice }
        return best?.name
    }

    /// Whether the client takes `name`, by that name or by `*`.
    package func allows(_ name: String) -> Bool {
        (choices.first { $0.name == name } ?? choices.first { $0.name == "*" }).map { $0.weight > 0 } ?? false
    }

    private static func choice(_ text: Substring) -> Choice? {
        let parts = HeaderGrammar.split(text, at: ";")
        guard let name = parts.first, !name.isEmpty else { return nil }
        for part in parts.dropFirst() {
            guard let (parameter, value) = HeaderGrammar.parameter(part), parameter.lowercased() == "q" else {
                continue
            }
            guard let value, let weight = weight(value) else { return nil }
            return Choice(name: name.lowercased(), weight: weight)
        }
        return Choice(name: name.lowercased(), weight: 1_000)
    }

    /// `0.5` in thousandths: at most three digits behind the point, at most 1.
    private static func weight(_ text: String) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts[0].count == 1, parts.count == 1 || parts[1].count <= 3,
            let whole = Int(text.prefix(1)), whole >= 0
        else { return nil }
        var thousandths = 0
        for place in 0..<3 {
            thousandths *= 10
            guard parts.count == 2, place < parts[1].count else { continue }
            let digit = Int(parts[1][parts[1].index(parts[1].startIndex, offsetBy: place)]) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit) else { return nil }
            thousandths += digit
        }
        let weight = whole * 1_000 + thousandths
        return weight <= 1_000 ? weight : nil
    }
}
