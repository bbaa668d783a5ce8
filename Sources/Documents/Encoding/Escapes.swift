// Escapes in JSON strings: taking them away, and writing as few as RFC 8259 section 7 allows.

extension Text {
    /// Bytes of this text inside a JSON string with as few escapes as possible.
    var escapedCount: Int {
        switch self {
        case .inline(let text):
            if !text.needsEscapes { return Int(text.count) }
            return (0..<Int(text.count)).reduce(0) { $0 + escapedLength(text[$1]) }
        case .heap(let bytes):
            return needEscapes(bytes) ? bytes.reduce(0) { $0 + escapedLength($1) } : bytes.count
        }
    }

    /// What a text that was taken from between the quotes of a valid JSON string stands for.
    var unescaped: Text {
        guard contains(backslash) else { return self }
        return Text(unescape(bytes.span))
    }

    /// The text as it stands between the quotes of a JSON string, with as few escapes as possible.
    var escaped: Text {
        escapedCount == count ? self : Text(escape(bytes))
    }
}

extension InlineText {
    /// Whether a quote, a backslash or a control character is among the bytes.
    var needsEscapes: Bool {
        let unusedHead = count >= 8 ? 0 : UInt64.max >> (8 * UInt64(count))
        let unusedTail = count <= 8 ? UInt64.max : UInt64.max >> (8 * (UInt64(count) - 8))
        return hasSpecialByte(head | unusedHead & allBytes(0x61)) || hasSpecialByte(tail | unusedTail & allBytes(0x61))
    }
}

extension String {
    /// The string in quotes and with escapes, for messages: what came in may be a megabyte, so only its beginning.
    var quoted: String {
        let limit = 80
        let start = prefix(limit)
        return Document.string(start.endIndex == endIndex ? self : start + "…").text
    }
}

let backslash = UInt8(ascii: "\\")
let quote = UInt8(ascii: "\"")

@inline(__always)
func allBytes(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

/// Whether one of eight bytes is a quote, a backslash or below 0x20.
///
/// `(x - n) & ~x & 0x80` finds bytes below `n` in each lane; a borrow can only report a byte behind one that was found.
@inline(__always)
func hasSpecialByte(_ word: UInt64) -> Bool {
    let quotes = word ^ allBytes(quote)
    let backslashes = word ^ allBytes(backslash)
    let found =
        ((word &- allBytes(0x20)) & ~word) | ((quotes &- allBytes(1)) & ~quotes)
        | ((backslashes &- allBytes(1)) & ~backslashes)
    return found & allBytes(0x80) != 0
}

/// Whether a quote, a backslash or a control character is among the bytes.
private func needEscapes(_ bytes: [UInt8]) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
        var offset = 0
        while offset + 8 <= bytes.count {
            if hasSpecialByte(unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { return true }
            offset += 8
        }
        return unsafe bytes[offset...].contains { $0 < 0x20 || $0 == quote || $0 == backslash }
    }
}

private func escapedLength(_ byte: UInt8) -> Int {
    switch byte {
    case quote, backslash, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
    case 0x00..<0x20: 6
    default: 1
    }
}

func escape(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 2)
    for byte in bytes {
        switch byte {
        case quote, backslash: result += [backslash, byte]
        case 0x08: result += [backslash, UInt8(ascii: "b")]
        case 0x09: result += [backslash, UInt8(ascii: "t")]
        case 0x0A: result += [backslash, UInt8(ascii: "n")]
        case 0x0C: result += [backslash, UInt8(ascii: "f")]
        case 0x0D: result += [backslash, UInt8(ascii: "r")]
        case 0x00..<0x20:
            result += [backslash, UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")]
            result += [hexDigit(byte >> 4), hexDigit(byte & 15)]
        default: result.append(byte)
        }
    }
    return result
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// The value of a hexadecimal digit, nil for anything else.
func hexValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

/// Takes the escapes out of what stood between the quotes of a valid JSON string.
func unescape(_ bytes: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
        let byte = bytes[index]
        index += 1
        guard byte == backslash, index < bytes.count else {
            result.append(byte)
            continue
        }
        let escape = bytes[index]
        index += 1
        switch escape {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "u"):
            var unit = codeUnit(bytes, at: index)
            index += 4
            if unit & 0xFC00 == 0xD800 {
                // The parser saw to it that the other half follows: backslash, u, four digits.
                unit = 0x10000 + (unit & 0x3FF) << 10 + (codeUnit(bytes, at: index + 2) & 0x3FF)
                index += 6
            }
            result.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
        default: result.append(escape)
        }
    }
    return result
}

private func codeUnit(_ bytes: Span<UInt8>, at start: Int) -> UInt32 {
    (start..<min(start + 4, bytes.count)).reduce(0) { $0 << 4 | (hexValue(bytes[$1]) ?? 0) }
}
