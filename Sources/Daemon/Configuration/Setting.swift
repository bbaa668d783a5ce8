// One thing that can be configured: its name, what it takes, and its default. Flags, environment variables, `--help` and the
// check for unknown flags all come from tables of these.

/// A setting of type `Value`.
///
/// `redis-url` is the flag `--redis-url` and the environment variable `CISTERN_REDIS_URL`.
package struct Setting<Value: Sendable>: Sendable {
    /// Lower case, words divided by `-`.
    package let name: String
    package let kind: SettingKind<Value>
    package let defaultValue: Value
    /// One sentence for `--help`.
    package let help: String

    package init(_ name: String, _ kind: SettingKind<Value>, default defaultValue: Value, help: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.help = help
    }

    package var description: SettingDescription {
        SettingDescription(
            name: name, placeholder: kind.placeholder, defaultText: kind.write(defaultValue), help: help,
            check: { text throws(SettingProblem) in _ = try kind.read(text) })
    }
}

/// How the values of a setting are written.
package struct SettingKind<Value: Sendable>: Sendable {
    /// What stands for a value in `--help`; empty for flags that take none.
    package let placeholder: String
    package let read: @Sendable (String) throws(SettingProblem) -> Value
    package let write: @Sendable (Value) -> String

    package init(
        placeholder: String, read: @escaping @Sendable (String) throws(SettingProblem) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) {
        self.placeholder = placeholder
        self.read = read
        self.write = write
    }
}

/// Why a text is no value of a setting: a sentence that says what is allowed.
package struct SettingProblem: Error, Equatable {
    package let allowed: String

    package init(_ allowed: String) { self.allowed = allowed }
}

/// A setting without its type, for tables of all of them.
package struct SettingDescription: Sendable {
    package let name: String
    package let placeholder: String
    package let defaultText: String
    package let help: String
    let check: @Sendable (String) throws(SettingProblem) -> Void

    package var flag: String { "--\(name)" }

    package var variable: String { "CISTERN_" + name.uppercased().replacing("-", with: "_") }

    /// Whether the flag stands alone.
    var isSwitch: Bool { placeholder.isEmpty }
}
