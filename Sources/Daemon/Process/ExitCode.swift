// How a daemon says to its supervisor why it ended.

/// Exit statuses, those of sysexits(3) where one fits.
package enum ExitCode: Int32, Sendable {
    case clean = 0
    /// EX_USAGE: the command line is wrong.
    case usage = 64
    /// EX_UNAVAILABLE: something that is needed, a port or a server, is not to be had.
    case unavailable = 69
    /// EX_SOFTWARE: a mistake in the program.
    case software = 70
    /// EX_CONFIG: a setting has a wrong value.
    case configuration = 78
}

/// Why a daemon cannot start or go on, as a sentence that says what to do.
package enum DaemonFailure: Error, Equatable, CustomStringConvertible {
    case usage(String)
    case configuration(String)
    case unavailable(String)

    package var description: String {
        switch self {
        case .usage(let text), .configuration(let text), .unavailable(let text): text
        }
    }

    var exitCode: ExitCode {
        switch self {
        case .usage: .usage
        case .configuration: .configuration
        case .unavailable: .unavailable
        }
    }
}

extension ConfigurationError {
    var exitCode: ExitCode {
        switch self {
        case .unknownFlag, .missingValue, .unwantedValue, .repeated, .unexpectedArgument: .usage
        case .invalidValue: .configuration
        }
    }
}
