// Reads the head of one HTTP/1.1 request (RFC 9112) just far enough to know where the request ends and whether an express lane may
// answer it. Bytes in, a value out; nothing is allocated.
//
// Strict on purpose: what is not written the way that clients write it is left to the HTTP decoder, so the two can never disagree
// about where a request ends.

/// What stands at the beginning of the bytes.
package enum RequestScan: Equatable {
    /// The head is not complete, and nothing so far speaks against it.
    case incomplete
    case request(ScannedRequest)
    /// Only the decoder may judge this: another version, chunks, an upgrade, an expectation, unusual or malformed bytes.
    case unusual
}

/// Where things are in a request. Offsets count bytes from its beginning.
package struct ScannedRequest: Equatable {
    package enum Method {
        case get, put, other
    }

    package var method = Method.other
    package var target = 0..<0
    /// Through the empty line.
    package var headBytes = 0
    package var bodyBytes = 0

    // Field values without white space around them; empty where the field is absent or has no value.
    package var contentType = 0..<0
    package var ifNoneMatch = 0..<0
    package var prefer = 0..<0
    package var origin = 0..<0
    /// Whether a field is there that changes the answer and that no lane understands, or one of the above that is empty or there
    /// twice.
    package var isConditional = false

    package var bytes: Int { headBytes + bodyBytes }
}

/// The largest head that is scanned.
package struct ScanLimits: Sendable {
    /// Bytes of the whole head. Browsers with many cookies send up to about 4 KiB.
    package var headBytes = 8_192
    package var fields = 64

    /// Never more than the decoder behind the lanes takes.
    package init(_ limits: HTTPLimits = HTTPLimits()) {
        headBytes = min(headBytes, limits.headerFieldBytes, limits.headerBytes)
        fields = min(fields, limits.headerFields)
    }
}

extension RequestScan {
    /// - Parameter bytes: what has come on the connection and belongs to no earlier request.
    package init(_ bytes: Span<UInt8>, limits: ScanLimits) {
        var scanner = Scanner(limits: limits)
        switch scanner.scan(bytes) {
        case .done: self = scanner.request.headBytes > limits.headBytes ? .unusual : .request(scanner.request)
        case .needsMore: self = bytes.count >= limits.headBytes ? .unusual : .incomplete
        case .unusual: self = .unusual
        }
    }
}

private struct Scanner {
    enum Outcome {
        case done, needsMore, unusual
    }

    let limits: ScanLimits
    var request = ScannedRequest()
    private var offset = 0
    private var hasLength = false

    init(limits: ScanLimits) {
        self.limits = limits
    }

    mutating func scan(_ bytes: Span<UInt8>) -> Outcome {
        let line = requestLine(bytes)
        guard line == .done else { return line }
        var fields = 0
        while true {
            guard offset < bytes.count else { return .needsMore }
            if bytes[offset] == Byte.carriageReturn {
                guard offset + 1 < bytes.count else { return .needsMore }
                guard bytes[offset + 1] == Byte.lineFeed else { return .unusual }
                request.headBytes = offset + 2
                return .done
            }
            fields += 1
            guard fields <= limits.fields else { return .unusual }
            let field = self.field(bytes)
            guard field == .done else { return field }
        }
    }

    // MARK: Request line

    /// `GET /path HTTP/1.1`, with one space each and an origin-form target (RFC 9112 §3).
    private mutating func requestLine(_ bytes: Span<UInt8>) -> Outcome {
        var end = 0
        while end < bytes.count, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[end]) { end += 1 }
        guard end < bytes.count else { return end <= Self.longestMethod ? .needsMore : .unusual }
        guard bytes[end] == Byte.space else { return .unusual }
        switch end {
        case 3 where bytes.matches("GET", at: 0): request.method = .get
        case 3 where bytes.matches("PUT", at: 0): request.method = .put
        // Others in common use have bodies and answers of the ordinary kind; CONNECT and whatever is rarer has not.
        case 4 where bytes.matches("HEAD", at: 0) || bytes.matches("POST", at: 0),
            6 where bytes.matches("DELETE", at: 0),
            7 where bytes.matches("OPTIONS", at: 0):
            request.method = .other
        default: return .unusual
        }
        let start = end + 1
        guard start < bytes.count else { return .needsMore }
        guard bytes[start] == UInt8(ascii: "/") else { return .unusual }
        end = start
        while end < bytes.count, bytes[end] > Byte.space, bytes[end] < Byte.delete { end += 1 }
        request.target = start..<end
        guard bytes.matches(Self.version, at: end) else {
            return bytes.mayMatch(Self.version, at: end) ? .needsMore : .unusual
        }
        offset = end + Self.version.utf8CodeUnitCount
        return .done
    }

    private static let longestMethod = 7
    private static let version: StaticString = " HTTP/1.1\r\n"

    // MARK: Fields

    private mutating func field(_ bytes: Span<UInt8>) -> Outcome {
        let start = offset
        var colon = start
        while colon < bytes.count, Byte.isToken(bytes[colon]) { colon += 1 }
        guard colon < bytes.count else { return .needsMore }
        guard bytes[colon] == Byte.colon, colon > start else { return .unusual }
        var end = colon + 1
        // Visible characters, space and tab (RFC 9110 §5.5); bytes above ASCII are for the decoder.
        while end < bytes.count, Byte.isVisible(bytes[end]) { end += 1 }
        guard end + 1 < bytes.count else { return .needsMore }
        guard bytes[end] == Byte.carriageReturn, bytes[end + 1] == Byte.lineFeed else { return .unusual }
        offset = end + 2
        var value = (colon + 1)..<end
        while !value.isEmpty, Byte.isBlank(bytes[value.lowerBound]) {
            value = (value.lowerBound + 1)..<value.upperBound
        }
        while !value.isEmpty, Byte.isBlank(bytes[value.upperBound - 1]) {
            value = value.lowerBound..<(value.upperBound - 1)
        }
        return heed(bytes, name: start..<colon, value: value) ? .done : .unusual
    }

    /// Takes note of a field. Those that cannot change an answer are passed over; the ones that can are named here.
    ///
    /// - Returns: false if the field is about the connection or the framing in a way that is the decoder's business.
    private mutating func heed(_ bytes: Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
        let at = name.lowerBound
        switch name.count {
        case 4 where bytes.matchesName("a-im", at: at): request.isConditional = true
        case 6:
            if bytes.matchesName("prefer", at: at) { request.prefer = noted(value, after: request.prefer) }
            if bytes.matchesName("origin", at: at) { request.origin = noted(value, after: request.origin) }
            if bytes.matchesName("expect", at: at) { return false }
        case 7 where bytes.matchesName("upgrade", at: at): return false
        case 8 where bytes.matchesName("if-match", at: at): request.isConditional = true
        case 10 where bytes.matchesName("connection", at: at):
            return value.count == 10 && bytes.matchesName("keep-alive", at: value.lowerBound)
        case 12 where bytes.matchesName("content-type", at: at):
            request.contentType = noted(value, after: request.contentType)
        case 13:
            if bytes.matchesName("if-none-match", at: at) {
                request.ifNoneMatch = noted(value, after: request.ifNoneMatch)
            }
            if bytes.matchesName("last-event-id", at: at) { request.isConditional = true }
        case 14 where bytes.matchesName("content-length", at: at): return noteLength(bytes, value)
        // Nobody's standard, but to the decoder it means the same as Connection.
        case 16 where bytes.matchesName("proxy-connection", at: at): return false
        case 17 where bytes.matchesName("transfer-encoding", at: at): return false
        default: break
        }
        return true
    }

    private mutating func noted(_ value: Range<Int>, after earlier: Range<Int>) -> Range<Int> {
        if value.isEmpty || !earlier.isEmpty { request.isConditional = true }
        return value
    }

    /// One Content-Length of a few digits; anything else is the decoder's business (RFC 9112 §6.3).
    private mutating func noteLength(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        guard !hasLength, (1...Self.longestLength).contains(value.count) else { return false }
        hasLength = true
        // Behind this value the decoder takes spaces, but no tabs.
        var end = value.upperBound
        while bytes[end] == Byte.space { end += 1 }
        guard bytes[end] == Byte.carriageReturn else { return false }
        for index in value {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return false }
            request.bodyBytes = request.bodyBytes * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return true
    }

    /// Digits: up to a terabyte, far from where an Int ends.
    private static let longestLength = 12
}

// MARK: - Bytes

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
        guard offset + text.utf8CodeUnitCount <= count else { return false }
        for index in 0..<text.utf8CodeUnitCount {
            guard unsafe text.utf8Start[index] == self[offset + index] else { return false }
        }
        return true
    }

    /// Whether these characters stand at `offset`, or as many of them as there are bytes.
    func mayMatch(_ text: StaticString, at offset: Int) -> Bool {
        for index in 0..<min(text.utf8CodeUnitCount, count - offset) {
            guard unsafe text.utf8Start[index] == self[offset + index] else { return false }
        }
        return true
    }

    /// What stands at `range`, which a scan has found to be ASCII.
    package func text(in range: Range<Int>) -> String {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether they stand there in whatever case; `text` is in lower case and has nothing but letters and `-`.
    func matchesName(_ text: StaticString, at offset: Int) -> Bool {
        guard offset + text.utf8CodeUnitCount <= count else { return false }
        // Setting this bit lowers letters, leaves “-” alone and makes neither of any other token character but CR, which is none.
        for index in 0..<text.utf8CodeUnitCount {
            guard unsafe text.utf8Start[index] == self[offset + index] | 0x20 else { return false }
        }
        return true
    }
}
