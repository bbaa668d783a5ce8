// The shape of a command line, before any value is read: the configuration library ignores what it does not know.

struct CommandLineCheck {
    private let settings: [String: SettingDescription]

    init(_ table: [SettingDescription]) {
        settings = Dictionary(table.map { ($0.flag, $0) }) { first, _ in first }
    }

    func check(_ arguments: [String]) throws(ConfigurationError) {
        var seen: Set<String> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else { throw .unexpectedArgument(argument) }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let flag = String(parts[0])
            guard let setting = settings[flag] else { throw .unknownFlag(flag, similar: similar(to: flag)) }
            guard seen.insert(flag).inserted else { throw .repeated(flag: flag) }
            if setting.isSwitch {
                guard parts.count == 1 else { throw .unwantedValue(flag: flag) }
            } else if parts.count == 1 {
                guard let value = rest.popFirst(), !value.hasPrefix("--") else { throw .missingValue(flag: flag) }
            }
        }
    }

    /// The flag that was probably meant: at most two letters off.
    private func similar(to flag: String) -> String? {
        settings.keys.sorted()
            .map { (name: $0, distance: Self.distance(Array(flag.utf8), Array($0.utf8))) }
            .filter { $0.distance <= 2 }
            .min { $0.distance < $1.distance }?.name
    }

    /// Levenshtein's distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
