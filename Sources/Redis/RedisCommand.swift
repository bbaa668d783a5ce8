package import NIOCore

/// One command: its name and arguments, as they go over the wire.
///
///     RedisCommand("SET", .string(key), .bytes(value), "PX", .integer(5_000))
package struct RedisCommand: Sendable, Hashable {
    private var arguments = RedisArguments()

    package init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments)
    }

    package init(_ name: String, _ arguments: [RedisArgument]) {
        self.arguments.append(.string(name))
        for argument in arguments { self.arguments.append(argument) }
    }

    /// `arguments` begins with the command's name.
    init(_ arguments: RedisArguments) {
        self.arguments = arguments
    }

    /// What it takes of a connection's bytes in flight.
    var size: Int { arguments.size }

    /// Appends the command as it goes over the wire.
    func write(into buffer: inout ByteBuffer) {
        arguments.write(into: &buffer)
    }
}

/// Arguments of a command, encoded one behind the other as they are added, in a single piece of memory.
///
/// Every argument goes with its length in front (RESP bulk strings), so it may hold any bytes, and nothing that is in it can be
/// taken for protocol.
package struct RedisArguments: Sendable, Hashable {
    package private(set) var count = 0
    private var encoded = ByteBuffer()

    package init() {}

    package init(_ strings: some Sequence<String>) {
        for string in strings { append(string) }
    }

    package init(_ arguments: some Sequence<RedisArgument>) {
        for argument in arguments { append(argument) }
    }

    package mutating func append(_ argument: RedisArgument) {
        switch argument {
        case .string(let string): append(string)
        case .bytes(let bytes): unsafe bytes.withUnsafeBytes { unsafe append($0) }
        case .integer(let integer): append(String(integer))
        }
    }

    package mutating func append(_ string: String) {
        var string = string
        string.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    /// One argument made of two texts.
    package mutating func append(_ first: String, _ second: String) {
        var (first, second) = (first, second)
        first.withUTF8 { first in
            second.withUTF8 { second in
                unsafe append(UnsafeRawBufferPointer(first), UnsafeRawBufferPointer(second))
            }
        }
    }

    /// All of an argument in one step: a write to a `ByteBuffer` costs more than the few bytes of a mark.
    private mutating func append(
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        count += 1
        let byteCount = first.count + second.count
        unsafe encoded.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount + Self.frameBytes) { bytes in
            unsafe bytes[0] = UInt8(ascii: "$")
            let digits = unsafe Self.writeDecimal(byteCount, into: bytes, at: 1)
            var end = 1 + digits
            unsafe bytes.storeBytes(of: ByteBuffer.lineEnd.bigEndian, toByteOffset: end, as: UInt16.self)
            end += 2
            unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[end...]).copyMemory(from: first)
            end += first.count
            unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[end...]).copyMemory(from: second)
            end += second.count
            unsafe bytes.storeBytes(of: ByteBuffer.lineEnd.bigEndian, toByteOffset: end, as: UInt16.self)
            return end + 2
        }
    }

    /// A mark, the digits of the largest number, two line ends.
    private static let frameBytes = 1 + 20 + 4

    private static func writeDecimal(_ number: Int, into bytes: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        var digits = 1
        var rest = number
        while rest >= 10 {
            digits += 1
            rest /= 10
        }
        rest = number
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            unsafe bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return digits
    }

    /// One argument that is written piece by piece.
    ///
    /// - Parameters:
    ///   - byteCount: how many bytes it has. An argument of another length would break the connection's protocol, so it is cut or
    ///     filled up with zeros.
    @inline(__always)
    package mutating func append(byteCount: Int, _ write: (inout ByteBuffer) -> Void) {
        count += 1
        encoded.writeLine("$", byteCount)
        let end = encoded.writerIndex + byteCount
        write(&encoded)
        if encoded.writerIndex != end { fit(end) }
        encoded.writeInteger(ByteBuffer.lineEnd)
    }

    package mutating func append(_ others: RedisArguments) {
        count += others.count
        encoded.writeImmutableBuffer(others.encoded)
    }

    package mutating func reserveCapacity(_ bytes: Int) {
        encoded.reserveCapacity(bytes)
    }

    /// Bytes, with what stands around the arguments.
    package var size: Int { encoded.readableBytes }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeLine("*", count)
        buffer.writeImmutableBuffer(encoded)
    }

    private mutating func fit(_ end: Int) {
        assertionFailure("an argument has another length than was said")
        if encoded.writerIndex < end { encoded.writeRepeatingByte(0, count: end - encoded.writerIndex) }
        encoded.moveWriterIndex(to: end)
    }
}

extension RedisArguments: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: RedisArgument...) {
        for element in elements { append(element) }
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

extension ByteBuffer {
    /// Carriage return, line feed.
    fileprivate static let lineEnd: UInt16 = 0x0d0a

    /// A mark and a number, as they stand in front of everything in RESP.
    fileprivate mutating func writeLine(_ mark: Unicode.Scalar, _ number: Int) {
        writeInteger(UInt8(ascii: mark))
        writeString(String(number))
        writeInteger(Self.lineEnd)
    }
}
