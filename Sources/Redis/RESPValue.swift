/// One reply of Redis (RESP2), as a value that owns its bytes.
package enum RESPValue: Sendable, Hashable {
    /// `+OK`: short text without line breaks.
    case simpleString(String)
    /// `-ERR …`: only inside arrays; a reply that is an error as a whole is thrown as `RedisError.refused`.
    case error(RedisErrorReply)
    case integer(Int64)
    /// `$5`: any bytes.
    case bulk([UInt8])
    /// `$-1` or `*-1`.
    case null
    case array([RESPValue])
}

/// An error that the server answered: a code in capitals (`ERR`, `NOSCRIPT`, `READONLY`, …) and a text.
package struct RedisErrorReply: Error, Sendable, Hashable {
    /// The whole line without the `-`. Bytes that are not UTF-8 are replaced.
    package let message: String

    package init(message: String) {
        self.message = message
    }

    /// Everything before the first space.
    package var code: Substring {
        message.prefix { $0 != " " }
    }
}

extension RESPValue {
    /// The bytes of a bulk or simple string; nil for everything else.
    package var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .simpleString(let string): Array(string.utf8)
        case .error, .integer, .null, .array: nil
        }
    }

    /// A bulk or simple string as text; nil for everything else and for bytes that are not UTF-8.
    package var string: String? {
        switch self {
        case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
        case .simpleString(let string): string
        case .error, .integer, .null, .array: nil
        }
    }

    /// An integer, or a string that spells one, which is how hashes and Lua hand out numbers.
    package var integer: Int64? {
        switch self {
        case .integer(let integer): integer
        case .bulk, .simpleString: string.flatMap { Int64($0) }
        case .error, .null, .array: nil
        }
    }

    /// The elements of an array; nil for everything else.
    package var array: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var isNull: Bool { self == .null }
}
