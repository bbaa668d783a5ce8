// Numbers, sizes and times for people.

enum Wording {
    /// With commas: 1,234,567.
    static func count(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    static func bytes(_ count: Int) -> String {
        var (number, unit) = (Double(count), 0)
        while number >= 999.5, unit < 3 {
            number /= 1_000
            unit += 1
        }
        return unit == 0
            ? "\(count) B" : "\(decimal(number, places: number < 10 ? 1 : 0)) \(["", "kB", "MB", "GB"][unit])"
    }

    static func seconds(_ time: Duration) -> String {
        let seconds = time / .seconds(1)
        return seconds < 10
            ? "\(decimal(seconds, places: 2)) s" : seconds < 120 ? "\(decimal(seconds, places: 1)) s" : minutes(seconds)
    }

    private static func minutes(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return "\(whole / 60) min \(whole % 60) s"
    }

    /// Things per second.
    static func rate(_ things: Int, in time: Duration) -> String {
        let seconds = time / .seconds(1)
        return seconds > 0 ? "\(count(Int((Double(things) / seconds).rounded())))/s" : "-"
    }

    /// One "change", two "changes".
    ///
    /// - Parameter many: the other word where that is not the one with an s.
    static func plural(_ number: Int, _ word: String, _ many: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? word : many ?? word + "s")"
    }

    static func decimal(_ number: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((number * Double(scale)).rounded())
        guard places > 0 else { return "\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
