// The arithmetic of `increment`, `min` and `max`: exact, on numbers that can be written out.

/// A number in plain notation, with at most 1,000 digits on either side of the point.
struct PlainDecimal {
    static let maximumDigits = 1_000

    private let isNegative: Bool
    /// The number times ten to the power of `decimals`, without leading zeros; empty for zero.
    private let digits: [UInt8]
    /// Digits behind the point, zeros at the end included.
    private let decimals: Int

    /// Nil if the number has too many digits on one side. Nothing of the exponent's size is allocated before that is known.
    ///
    /// - Parameter text: a valid JSON number.
    init?(_ text: Text) {
        let parts = NumberParts(text)
        let significant = Array((parts.integer + parts.fraction).drop { $0 == 0 })
        let exponent = DecimalExponent(isNegative: parts.isExponentNegative, digits: parts.exponent).small
        guard let exponent else {
            // Of the numbers with an exponent beyond counting, only zero with a positive one is short.
            guard significant.isEmpty, !parts.isExponentNegative else { return nil }
            self.init(isNegative: false, digits: [], decimals: 0)
            return
        }
        let decimals = max(0, parts.fraction.count - exponent)
        let zeros = significant.isEmpty ? 0 : max(0, exponent - parts.fraction.count)
        guard decimals <= Self.maximumDigits, significant.count + zeros - decimals <= Self.maximumDigits else {
            return nil
        }
        self.init(
            isNegative: parts.isNegative, digits: significant + Array(repeating: 0, count: zeros), decimals: decimals)
    }

    private init(isNegative: Bool, digits: [UInt8], decimals: Int) {
        self.digits = Array(digits.drop { $0 == 0 })
        self.isNegative = isNegative && !self.digits.isEmpty
        self.decimals = decimals
    }

    /// The same number with at least that many decimals.
    private func scaled(to decimals: Int) -> PlainDecimal {
        guard decimals > self.decimals else { return self }
        let zeros = digits.isEmpty ? 0 : decimals - self.decimals
        return PlainDecimal(
            isNegative: isNegative, digits: digits + Array(repeating: 0, count: zeros), decimals: decimals)
    }

    /// Plain notation, nil if there are too many digits in front of the point.
    private var spelling: Text? {
        guard digits.count - decimals <= Self.maximumDigits else { return nil }
        let padded = Array(repeating: 0, count: max(0, decimals + 1 - digits.count)) + digits
        var bytes: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        bytes += padded.dropLast(decimals).map { $0 + UInt8(ascii: "0") }
        if decimals > 0 {
            bytes.append(UInt8(ascii: "."))
            bytes += padded.suffix(decimals).map { $0 + UInt8(ascii: "0") }
        }
        return Text(bytes)
    }

    private static func isLess(_ a: PlainDecimal, _ b: PlainDecimal) -> Bool {
        if a.isNegative != b.isNegative { return a.isNegative }
        return a.isNegative ? DecimalDigits.isLess(b.digits, a.digits) : DecimalDigits.isLess(a.digits, b.digits)
    }

    private static func sum(_ a: PlainDecimal, _ b: PlainDecimal) -> PlainDecimal {
        if a.isNegative == b.isNegative {
            return PlainDecimal(
                isNegative: a.isNegative, digits: DecimalDigits.sum(a.digits, b.digits), decimals: a.decimals)
        }
        let (large, small) = DecimalDigits.isLess(a.digits, b.digits) ? (b, a) : (a, b)
        return PlainDecimal(
            isNegative: large.isNegative, digits: DecimalDigits.difference(large.digits, small.digits),
            decimals: a.decimals)
    }

    /// What to make of two numbers.
    enum Combination {
        case sum, minimum, maximum
    }

    /// The result in plain notation, with as many decimals as the operand that has more; nil if an operand or the
    /// result has too many digits.
    static func combine(_ a: Text, _ b: Text, _ combination: Combination) -> Text? {
        if let a = a.shortInteger, let b = b.shortInteger {
            let result =
                switch combination {
                case .sum: a + b
                case .minimum: min(a, b)
                case .maximum: max(a, b)
                }
            return Text(String(result))
        }
        guard var a = PlainDecimal(a), var b = PlainDecimal(b) else { return nil }
        let decimals = max(a.decimals, b.decimals)
        (a, b) = (a.scaled(to: decimals), b.scaled(to: decimals))
        return switch combination {
        case .sum: sum(a, b).spelling
        case .minimum: (isLess(b, a) ? b : a).spelling
        case .maximum: (isLess(a, b) ? b : a).spelling
        }
    }
}

extension Text {
    /// The value of this JSON number if it is an integer of at most 14 characters without fraction and exponent: most counters.
    fileprivate var shortInteger: Int? {
        guard case .inline(let text) = self else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        var magnitude = 0
        for index in (isNegative ? 1 : 0)..<Int(text.count) {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            magnitude = magnitude * 10 + Int(digit)
        }
        return isNegative ? -magnitude : magnitude
    }
}
