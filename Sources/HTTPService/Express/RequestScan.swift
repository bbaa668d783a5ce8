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
    /// Only the decoder may judge this: another version, chunks, an expectation, unusual or malformed bytes.
    case unusual
}

/// A stretch of a head, in four bytes: what a connection remembers of its last request is looked at with every poll, and of thousands of
/// connections each poll finds it in no cache.
@propertyWrapper
package struct InHead: Equatable {
    private var start: UInt16 = 0
    private var end: UInt16 = 0

    package init() {}

    /// A head that is longer than these numbers is refused for its length.
    package var wrappedValue: Range<Int> {
        get { Int(start)..<Int(end) }
        set {
            start = UInt16(clamping: newValue.lowerBound)
            end = UInt16(clamping: newValue.upperBound)
        }
    }
}

/// Where things are in a request. Offsets count bytes from its beginning.
package struct ScannedRequest: Equatable {
    package enum Method {
        case get, put, other
    }

    /// Through the empty line.
    package var headBytes = 0
    package var bodyBytes = 0
    @InHead package var target

    // Field values without white space around them; empty where the field is absent or has no value.
    @InHead package var contentType
    @InHead package var ifNoneMatch
    @InHead package var prefer
    @InHead package var origin
    @InHead package var accept
    @InHead package var acceptEncoding
    @InHead package var aIM
    @InHead package var lastEventID
    @InHead package var authorization
    package var method = Method.other
    /// Whether a field is there that changes the answer and that no lane understands, or one of the above that is empty or there
    /// twice.
    package var isConditional = false
    /// Whether the peer wants to speak WebSocket (RFC 6455 §4.1). Such a request has no body.
    package var isUpgrade = false

    package var bytes: Int { headBytes + bodyBytes }

    /// Whether it asks for nothing but the whole thing as it is now.
    package var isPlain: Bool { !isConditional && !isUpgrade && aIM.isEmpty && lastEventID.isEmpty }
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
    /// What the peer has said of an upgrade: a protocol, and that it concerns the connection. Only both together are a wish for one.
    private var upgradeFields = 0
    private var upgradeOptions = 0

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
                return upgrade()
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
        return heed(bytes, name: start..<colon, value: bytes.trimmed((colon + 1)..<end)) ? .done : .unusual
    }

    /// Takes note of a field. Those that cannot change an answer are passed over; the ones that can are named here.
    ///
    /// - Returns: false if the field is about the connection or the framing in a way that is the decoder's business.
    private mutating func heed(_ bytes: Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
        let at = name.lowerBound
        switch name.count {
        case 4 where bytes.matchesName("a-im", at: at): request.aIM = noted(value, after: request.aIM)
        case 6:
            if bytes.matchesName("accept", at: at) { request.accept = noted(value, after: request.accept) }
            if bytes.matchesName("prefer", at: at) { request.prefer = noted(value, after: request.prefer) }
            if bytes.matchesName("origin", at: at) { request.origin = noted(value, after: request.origin) }
            if bytes.matchesName("expect", at: at) { return false }
        case 7 where bytes.matchesName("upgrade", at: at):
            upgradeFields += 1
            return bytes.holdsName("websocket", at: value)
        case 8 where bytes.matchesName("if-match", at: at): request.isConditional = true
        case 10 where bytes.matchesName("connection", at: at): return noteOptions(bytes, value)
        case 12 where bytes.matchesName("content-type", at: at):
            request.contentType = noted(value, after: request.contentType)
        case 13:
            if bytes.matchesName("if-none-match", at: at) {
                request.ifNoneMatch = noted(value, after: request.ifNoneMatch)
            }
            if bytes.matchesName("authorization", at: at) {
                request.authorization = noted(value, after: request.authorization)
            }
            if bytes.matchesName("last-event-id", at: at) {
                request.lastEventID = noted(value, after: request.lastEventID)
            }
        case 14 where bytes.matchesName("content-length", at: at): return noteLength(bytes, value)
        case 15 where bytes.matchesName("accept-encoding", at: at):
            request.acceptEncoding = noted(value, after: request.acceptEncoding)
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

    /// Connection options (RFC 9110 §7.6.1): only those that browsers and proxies send for a connection that stays.
    private mutating func noteOptions(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        // Nearly always it is this one alone.
        if bytes.holdsName("keep-alive", at: value) { return true }
        var rest = value
        while let element = bytes.nextElement(of: &rest) {
            if bytes.holdsName("upgrade", at: element) {
                upgradeOptions += 1
            } else if !bytes.holdsName("keep-alive", at: element) {
                return false
            }
        }
        return !value.isEmpty
    }

    /// Whether the head is one that the decoder would not read in another way: what follows an upgrade is not HTTP to it.
    private mutating func upgrade() -> Outcome {
        guard upgradeFields + upgradeOptions > 0 else { return .done }
        guard upgradeFields == 1, upgradeOptions == 1, request.method == .get, !hasLength else { return .unusual }
        request.isUpgrade = true
        return .done
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
