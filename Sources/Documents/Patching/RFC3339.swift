/// Times as text.
package enum RFC3339 {
    /// The last millisecond of the year 9999, which is as far as RFC 3339 goes.
    static let latest: UInt64 = 253_402_300_799_999

    /// `2026-11-21T06:00:00.000Z`. Later times than `latest` count as that.
    ///
    /// - Parameter milliseconds: since 1970, UTC.
    package static func string(milliseconds: UInt64) -> String {
        let time = Int(min(milliseconds, latest))
        let (days, rest) = time.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = civilDate(days)
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
        let (second, millisecond) = (rest / 1_000 % 60, rest % 1_000)
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" + padded(hour, 2) + ":"
            + padded(minute, 2) + ":" + padded(second, 2) + "." + padded(millisecond, 3) + "Z"
    }

    /// Milliseconds since 1970; nil for what is no time of RFC 3339 §5.6, or one before 1970. Finer parts of a second are cut off.
    package static func milliseconds(_ text: String) -> UInt64? {
        guard let parts = text.wholeMatch(of: form), let year = Int(parts.1), let month = Int(parts.2),
            let day = Int(parts.3), let hour = Int(parts.4), let minute = Int(parts.5), let second = Int(parts.6),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = daysSince1970(year, month, day)
        // The 31st of April is not the 1st of May.
        guard days >= 0, civilDate(days) == (year, month, day) else { return nil }
        let milliseconds = parts.7.flatMap { Int(($0.dropFirst() + "000").prefix(3)) } ?? 0
        var offset = 0
        if let zone = parts.8 {
            guard let hours = Int(zone.dropFirst().prefix(2)), let minutes = Int(zone.suffix(2)), hours < 24,
                minutes < 60
            else { return nil }
            offset = (zone.first == "-" ? -1 : 1) * (60 * hours + minutes)
        }
        return UInt64(exactly: ((days * 1_440 + 60 * hour + minute - offset) * 60 + second) * 1_000 + milliseconds)
    }

    private static var form:
        Regex<(Substring, Substring, Substring, Substring, Substring, Substring, Substring, Substring?, Substring?)>
    {
        /([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[Zz]|([+-][0-9]{2}:[0-9]{2}))/
    }

    /// By Hinnant's `days_from_civil`.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The date in the proleptic Gregorian calendar, by Hinnant's `civil_from_days`: years begin in March, so that the leap day is last.
    package static func civilDate(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
