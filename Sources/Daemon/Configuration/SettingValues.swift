// Reads settings from the command line and the environment. A flag wins over a variable, a variable over the default; what
// is not understood is an error and never a default.

import Configuration

/// The values of a program's settings.
package struct SettingValues: Sendable {
    private let table: [String: SettingDescription]
    private let flags: ConfigReader
    private let variables: ConfigReader

    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - table: What the program knows. Other flags are errors, other variables none of its business.
    package init(
        _ table: [SettingDescription], arguments: [String], environment: [String: String]
    ) throws(ConfigurationError) {
        self.table = Dictionary(table.map { ($0.name, $0) }) { first, _ in first }
        try CommandLineCheck(table).check(arguments)
        flags = ConfigReader(provider: CommandLineArgumentsProvider(arguments: ["program"] + arguments))
        // A variable that is set to nothing is as good as none: that is how unit files unset one.
        let own = environment.filter { $0.key.hasPrefix("CISTERN_") && !$0.value.isEmpty }
        variables = ConfigReader(
            provider: EnvironmentVariablesProvider(environmentVariables: own).prefixKeys(with: "cistern"))
        // Now rather than when a value is asked for: all mistakes are known before anything is started.
        for setting in table { try validate(setting) }
    }

    /// The value; the default if neither flag nor variable gives one, or the program does not have this setting.
    package func value<Value>(_ setting: Setting<Value>) -> Value {
        guard let description = table[setting.name], let (_, text) = text(of: description),
            let value = try? setting.kind.read(text)
        else { return setting.defaultValue }
        return value
    }

    private func validate(_ setting: SettingDescription) throws(ConfigurationError) {
        guard let (source, text) = text(of: setting) else { return }
        do {
            try setting.check(text)
        } catch {
            throw .invalidValue(source: source, text: text, allowed: error.allowed)
        }
    }

    /// Where a setting was given, and as what.
    private func text(of setting: SettingDescription) -> (source: String, text: String)? {
        let key = ConfigKey([setting.name])
        if setting.isSwitch {
            if flags.bool(forKey: key) ?? false { return (setting.flag, "true") }
        } else if let parts = flags.stringArray(forKey: key) {
            // Commas divide the elements of a list for the reader, but a password may have one.
            return (setting.flag, parts.joined(separator: ","))
        }
        return variables.string(forKey: key).map { (setting.variable, $0) }
    }
}

/// A mistake in how a program was started.
package enum ConfigurationError: Error, Equatable {
    case unknownFlag(String, similar: String?)
    case missingValue(flag: String)
    case unwantedValue(flag: String)
    case repeated(flag: String)
    case unexpectedArgument(String)
    case invalidValue(source: String, text: String, allowed: String)
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownFlag(let flag, let similar):
            "There is no flag \(flag). " + (similar.map { "Did you mean \($0)?" } ?? "See --help.")
        case .missingValue(let flag): "\(flag) needs a value. See --help."
        case .unwantedValue(let flag): "\(flag) takes no value."
        case .repeated(let flag): "\(flag) is given twice."
        case .unexpectedArgument(let text): "“\(text)” is neither a flag nor the value of one. See --help."
        case .invalidValue(let source, let text, let allowed):
            "\(source) cannot be “\(Self.withoutPassword(text))”. \(allowed)"
        }
    }

    /// Messages end up in logs; what stands between `//` and the last `@` may be a password.
    private static func withoutPassword(_ text: String) -> String {
        guard let mark = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), at >= mark.upperBound else {
            return text
        }
        return text[..<mark.upperBound] + "…" + text[at...]
    }
}
