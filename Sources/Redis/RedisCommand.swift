/// One command: its name and arguments, laid out one behind the other in a single piece of memory.
///
///     RedisCommand("SET", .string(key), .bytes(value), "PX", .integer(5_000))
package struct RedisCommand: Sendable, Hashable {
    /// All arguments without separators; argument `i` ends at `ends[i]`.
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    package init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments)
    }

    package init(_ name: String, _ arguments: [RedisArgument]) {
        ends.reserveCapacity(arguments.count + 1)
        append(.string(name))
        for argument in arguments { append(argument) }
    }

    package mutating func append(_ argument: RedisArgument) {
        switch argument {
        case .string(let string): bytes.append(contentsOf: string.utf8)
        case .bytes(let argument): bytes.append(contentsOf: argument)
        case .integer(let integer): bytes.append(contentsOf: String(integer).utf8)
        }
        ends.append(bytes.count)
    }
}

/// One argument of a command. Redis takes bytes only; numbers are sent in decimal.
package enum RedisArgument: Sendable, Hashable {
    case string(String)
    case bytes([UInt8])
    case integer(Int64)
}

extension RedisArgument: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}
