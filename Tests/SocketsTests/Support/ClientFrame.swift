// Frames as clients send them, right and wrong.

/// One frame. Unless told otherwise it is whole and masked.
struct ClientFrame: Sendable {
    var opcode: UInt8
    var payload: [UInt8]
    var isFinal = true
    /// The three reserved bits, as a number from 0 to 7.
    var reserved: UInt8 = 0
    var mask: [UInt8]? = [0x37, 0xfa, 0x21, 0x3d]
    /// Stands in the frame instead of the payload's length.
    var claimedLength: Int?

    static func text(_ text: String, isFinal: Bool = true) -> ClientFrame {
        ClientFrame(opcode: 1, payload: Array(text.utf8), isFinal: isFinal)
    }

    static func text(_ bytes: [UInt8], isFinal: Bool = true) -> ClientFrame {
        ClientFrame(opcode: 1, payload: bytes, isFinal: isFinal)
    }

    static func binary(_ bytes: [UInt8], isFinal: Bool = true) -> ClientFrame {
        ClientFrame(opcode: 2, payload: bytes, isFinal: isFinal)
    }

    static func more(_ bytes: [UInt8], isFinal: Bool = true) -> ClientFrame {
        ClientFrame(opcode: 0, payload: bytes, isFinal: isFinal)
    }

    static func ping(_ payload: [UInt8] = []) -> ClientFrame { ClientFrame(opcode: 9, payload: payload) }

    static func pong(_ payload: [UInt8] = []) -> ClientFrame { ClientFrame(opcode: 10, payload: payload) }

    static func close(_ code: Int?, _ reason: [UInt8] = []) -> ClientFrame {
        ClientFrame(opcode: 8, payload: (code.map { [UInt8($0 >> 8), UInt8($0 & 0xff)] } ?? []) + reason)
    }

    func with(_ change: (inout ClientFrame) -> Void) -> ClientFrame {
        var frame = self
        change(&frame)
        return frame
    }

    var bytes: [UInt8] {
        let length = UInt64(bitPattern: Int64(claimedLength ?? payload.count))
        let masked: UInt8 = mask == nil ? 0 : 0x80
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        switch length {
        case ...125: bytes.append(masked | UInt8(length))
        case ...0xffff: bytes += [masked | 126, UInt8(length >> 8), UInt8(length & 0xff)]
        default: bytes += [masked | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}

/// A frame from the server, which is never masked and never a fragment.
enum ServerFrame: Equatable, CustomStringConvertible {
    case text(String)
    case binary([UInt8])
    case ping
    case pong([UInt8])
    case close(Int?)
    case other(UInt8)

    /// Takes a whole frame from the front of the bytes; nil if there is none yet.
    init?(takingFrom bytes: inout [UInt8]) {
        guard bytes.count >= 2 else { return nil }
        let more = [126: 2, 127: 8][bytes[1]] ?? 0
        guard bytes.count >= 2 + more else { return nil }
        let length = more == 0 ? Int(bytes[1]) : bytes[2..<2 + more].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 2 + more + length else { return nil }
        let payload = Array(bytes[(2 + more)..<(2 + more + length)])
        switch bytes[0] {
        case 0x81: self = .text(String(decoding: payload, as: UTF8.self))
        case 0x82: self = .binary(payload)
        case 0x88: self = .close(payload.count < 2 ? nil : Int(payload[0]) << 8 | Int(payload[1]))
        case 0x89: self = .ping
        case 0x8a: self = .pong(payload)
        default: self = .other(bytes[0])
        }
        bytes.removeFirst(2 + more + length)
    }

    var description: String {
        switch self {
        case .text(let text): "text “\(text.prefix(80))” (\(text.utf8.count))"
        case .binary(let bytes): "binary (\(bytes.count))"
        case .ping: "ping"
        case .pong(let bytes): "pong (\(bytes.count))"
        case .close(let code): "close \(code.map(String.init) ?? "without a code")"
        case .other(let byte): "a frame that begins with \(byte)"
        }
    }
}
