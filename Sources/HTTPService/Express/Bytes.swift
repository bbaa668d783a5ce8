// Bytes of HTTP heads: which are what (RFC 9110 §5.6), and what stands where, without allocating.

import Glibc

enum Byte {
    static let lineFeed: UInt8 = 10
    static let carriageReturn: UInt8 = 13
    static let space: UInt8 = 32
    static let colon = UInt8(ascii: ":")
    static let delete: UInt8 = 127

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == 9 }

    static func isVisible(_ byte: UInt8) -> Bool { byte >= space && byte < delete || byte == 9 }

    /// Of which field names are made (RFC 9110 §5.6.2).
    static func isToken(_ byte: UInt8) -> Bool {
        byte < 64 ? lowTokens >> UInt64(byte) & 1 == 1 : byte < 128 && highTokens >> UInt64(byte - 64) & 1 == 1
    }

    /// One bit for each of ``!#$%&'*+-.^_`|~``, digits and letters: 0 to 63, and 64 to 127.
    private static let lowTokens: UInt64 = 0x03ff_6cfa_0000_0000
    private static let highTokens: UInt64 = 0x57ff_ffff_c7ff_fffe
}

extension Span<UInt8> {
    /// Whether these very characters stand at `offset`.
    package func matches(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard length > 0, offset <= count - length else { return length == 0 }
        return unsafe extracting(offset..<(offset + length)).withUnsafeBytes { own in
            guard let own = own.baseAddress else { return false }
            return unsafe memcmp(own, text.utf8Start, length) == 0
        }
    }

    /// Whether these characters stand at `offset`, or as many of them as there are bytes.
    func mayMatch(_ text: StaticString, at offset: Int) -> Bool {
        for index in 0..<min(text.utf8CodeUnitCount, count - offset) {
            guard unsafe text.utf8Start[index] == self[offset + index] else { return false }
        }
        return true
    }

    /// Whether `range` holds these bytes and no others.
    package func equals(_ other: [UInt8], at range: Range<Int>) -> Bool {
        guard other.count == range.count else { return false }
        return unsafe extracting(range).withUnsafeBytes { own in
            unsafe other.withUnsafeBytes { other in
                guard let own = own.baseAddress, let other = other.baseAddress else { return true }
                return unsafe memcmp(own, other, range.count) == 0
            }
        }
    }

    /// Whether `range` holds these very characters and no others.
    package func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && matches(text, at: range.lowerBound)
    }

    /// What stands at `range`, which a scan has found to be ASCII.
    package func text(in range: Range<Int>) -> String {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether they stand there in whatever case; `text` is in lower case and has nothing but letters, digits, `-`, `/` and `=`.
    func matchesName(_ text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= count else { return false }
        // Setting this bit lowers letters, leaves the others alone and makes them of nothing else but control characters.
        for index in 0..<text.utf8CodeUnitCount {
            guard unsafe text.utf8Start[index] == self[offset + index] | 0x20 else { return false }
        }
        return true
    }

    /// Whether `range` holds them and nothing else.
    func holdsName(_ text: StaticString, at range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && matchesName(text, at: range.lowerBound)
    }

    // MARK: Lists

    /// Takes the next element of a list with commas (RFC 9110 §5.6.1), without the white space around it. Quoted commas divide too; no
    /// list that is read this way has any.
    ///
    /// - Parameter list: What is left of it; becomes empty behind the last element.
    func nextElement(of list: inout Range<Int>) -> Range<Int>? {
        guard !list.isEmpty else { return nil }
        var end = list.lowerBound
        while end < list.upperBound, self[end] != UInt8(ascii: ",") { end += 1 }
        let element = trimmed(list.lowerBound..<end)
        list = min(end + 1, list.upperBound)..<list.upperBound
        return element
    }

    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, Byte.isBlank(self[start]) { start += 1 }
        while end > start, Byte.isBlank(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether a list of what a peer accepts has an element of this name, in whatever case, that is not refused by a weight of zero
    /// (RFC 9110 §12.4.2).
    ///
    /// - Parameter name: In lower case.
    package func accepts(_ name: StaticString, in list: Range<Int>) -> Bool {
        var rest = list
        while let element = nextElement(of: &rest) {
            var end = element.lowerBound
            while end < element.upperBound, self[end] != UInt8(ascii: ";") { end += 1 }
            let own = trimmed(element.lowerBound..<end)
            if holdsName(name, at: own) { return !isRefused(end..<element.upperBound) }
        }
        return false
    }

    /// Whether a list names things plainly: without weights and wildcards, which take more time to understand.
    package func isPlainList(_ list: Range<Int>) -> Bool {
        for index in list where self[index] == UInt8(ascii: ";") || self[index] == UInt8(ascii: "*") { return false }
        return true
    }

    /// Whether parameters, each with a semicolon before it, end in a weight of zero: `;q=0`, `; q=0.000`.
    private func isRefused(_ parameters: Range<Int>) -> Bool {
        var start = parameters.upperBound
        while start > parameters.lowerBound, self[start - 1] != UInt8(ascii: ";") { start -= 1 }
        let weight = trimmed(start..<parameters.upperBound)
        guard weight.count >= 3, matchesName("q=0", at: weight.lowerBound) else { return false }
        for index in weight.dropFirst(3) where self[index] != UInt8(ascii: "0") && self[index] != UInt8(ascii: ".") {
            return false
        }
        return true
    }
}
