// Sizes, times and rates as people write them.

import RateLimits

enum SizeNotation {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]

    static func read(_ text: String) -> Int? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = digits(text.dropLast(unit.suffix.count)) else { return nil }
            let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit.bytes)
            return isTooLarge ? nil : bytes
        }
        return nil
    }

    /// With the largest unit that leaves a whole number.
    static func write(_ bytes: Int) -> String {
        let unit = units.first { bytes != 0 && bytes.isMultiple(of: $0.bytes) } ?? ("", 1)
        return "\(bytes / unit.bytes)\(unit.suffix)"
    }
}

enum TimeNotation {
    /// `ms` before `s`, which it ends in.
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    static func read(_ text: String) -> Duration? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = digits(text.dropLast(unit.suffix.count)) else { return nil }
            let (milliseconds, isTooLarge) = Int64(number).multipliedReportingOverflow(by: unit.milliseconds)
            return isTooLarge ? nil : .milliseconds(milliseconds)
        }
        return nil
    }

    static func write(_ time: Duration) -> String {
        let milliseconds = time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        let unit = units.last { milliseconds != 0 && milliseconds.isMultiple(of: $0.milliseconds) } ?? units[0]
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}

enum RateNotation {
    private static let units: [(suffix: String, period: Duration)] = [
        ("/s", .seconds(1)), ("/m", .seconds(60)), ("/h", .seconds(3_600)),
    ]

    static func read(_ text: String) -> RateLimit? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let unit = units.first(where: { parts[0].hasSuffix($0.suffix) }),
            let rate = digits(parts[0].dropLast(unit.suffix.count)),
            let burst = parts.count == 2 ? digits(parts[1]) : rate,
            [rate, burst].allSatisfy((1...RateLimit.mostUnits).contains)
        else { return nil }
        return RateLimit(rate, per: unit.period, burst: burst)
    }
}

private func digits(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
    }
    return Int(text)
}
