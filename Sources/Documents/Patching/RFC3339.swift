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
