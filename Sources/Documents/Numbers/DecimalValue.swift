// What a JSON number stands for, exactly and whatever its size: the basis of equality and of normal forms. An exponent
// may itself have hundreds of digits, so it is never expanded, and not always an Int.

/// A decimal number: digits times a power of ten, in the one form that has neither leading nor trailing zeros.
struct DecimalValue: Equatable {
    /// Never for zero.
    var isNegative: Bool
    /// Digits 0 to 9, most significant first, without zeros at either end; empty for zero.
    var digits: [UInt8]
    var exponent: DecimalExponent

    /// - Parameter text: a valid JSON number.
    init(_ text: Text) {
        let parts = NumberParts(text)
        var significant = parts.integer + parts.fraction
        var trailing = 0
        while significant.last == 0 {
            significant.removeLast()
            trailing += 1
        }
        digits = Array(significant.drop { $0 == 0 })
        isNegative = parts.isNegative && !digits.isEmpty
        exponent =
            digits.isEmpty
            ? DecimalExponent(isNegative: false, digits: [])
            : DecimalExponent(isNegative: parts.isExponentNegative, digits: parts.exponent)
                .adding(trailing - parts.fraction.count)
    }

    /// The number as an integer, if it is one and fits.
    var integer: Int? {
        guard let zeros = exponent.small, zeros >= 0, digits.count + zeros <= 20 else {
            return digits.isEmpty ? 0 : nil
        }
        var result = 0
        for digit in digits + Array(repeating: 0, count: zeros) {
            let (product, productOverflow) = result.multipliedReportingOverflow(by: 10)
            let step = isNegative ? -Int(digit) : Int(digit)
            let (sum, sumOverflow) = product.addingReportingOverflow(step)
            if productOverflow || sumOverflow { return nil }
            result = sum
        }
        return result
    }

    /// A JSON number that is the same for all spellings of this value.
    var spelling: Text {
        if digits.isEmpty { return Text("0") }
        var bytes: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        bytes += digits.map { $0 + UInt8(ascii: "0") }
        if exponent.small != 0 { bytes += [UInt8(ascii: "e")] + exponent.spelling }
        return Text(bytes)
    }
}

/// An integer of any size, of which there is one representation per value.
struct DecimalExponent: Equatable {
    private var isNegative: Bool
    /// Digits 0 to 9, most significant first, without leading zeros; empty for zero.
    private var digits: [UInt8]

    init(isNegative: Bool, digits: [UInt8]) {
        self.digits = Array(digits.drop { $0 == 0 })
        self.isNegative = isNegative && !self.digits.isEmpty
    }

    init(_ value: Int) {
        self.init(isNegative: value < 0, digits: String(value.magnitude).utf8.map { $0 - UInt8(ascii: "0") })
    }

    /// The value if it has at most 17 digits.
    var small: Int? {
        guard digits.count <= 17 else { return nil }
        let magnitude = digits.reduce(0) { $0 * 10 + Int($1) }
        return isNegative ? -magnitude : magnitude
    }

    /// - Parameter number: of at most 17 digits.
    func adding(_ number: Int) -> DecimalExponent {
        if let small { return DecimalExponent(small + number) }
        let magnitude = DecimalExponent(Int(number.magnitude)).digits
        return DecimalExponent(
            isNegative: isNegative,
            digits: isNegative == (number < 0)
                ? DecimalDigits.sum(digits, magnitude) : DecimalDigits.difference(digits, magnitude))
    }

    var spelling: [UInt8] {
        (isNegative ? [UInt8(ascii: "-")] : []) + (digits.isEmpty ? [0] : digits).map { $0 + UInt8(ascii: "0") }
    }
}

/// Schoolbook arithmetic on digits 0 to 9, most significant first.
enum DecimalDigits {
    static func sum(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(max(a.count, b.count) + 1)
        var carry: UInt8 = 0
        for index in 0..<max(a.count, b.count) {
            let digit =
                (index < a.count ? a[a.count - 1 - index] : 0) + (index < b.count ? b[b.count - 1 - index] : 0) + carry
            carry = digit / 10
            result.append(digit % 10)
        }
        if carry > 0 { result.append(carry) }
        result.reverse()
        return result
    }

    /// - Precondition: `a` is not less than `b`.
    static func difference(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(a.count)
        var borrow: UInt8 = 0
        for index in 0..<a.count {
            let subtrahend = (index < b.count ? b[b.count - 1 - index] : 0) + borrow
            let digit = a[a.count - 1 - index]
            borrow = digit < subtrahend ? 1 : 0
            result.append(digit + borrow * 10 - subtrahend)
        }
        result.reverse()
        return result
    }

    /// Whether `a` is less than `b`; both without leading zeros.
    static func isLess(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b)
    }
}

/// The parts of a valid JSON number, digits as 0 to 9.
struct NumberParts {
    var isNegative = false
    var integer: [UInt8] = []
    var fraction: [UInt8] = []
    var isExponentNegative = false
    var exponent: [UInt8] = []

    init(_ text: Text) {
        var section = 0
        for index in 0..<text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "-"): if section == 0 { isNegative = true } else { isExponentNegative = true }
            case UInt8(ascii: "+"): break
            case UInt8(ascii: "."): section = 1
            case UInt8(ascii: "e"), UInt8(ascii: "E"): section = 2
            default:
                let digit = byte &- UInt8(ascii: "0")
                if section == 0 {
                    integer.append(digit)
                } else if section == 1 {
                    fraction.append(digit)
                } else {
                    exponent.append(digit)
                }
            }
        }
    }
}
