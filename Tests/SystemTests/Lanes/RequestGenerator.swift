import TestSupport

/// What is known of an application whose state does not change any more.
struct StableApplication {
    let name: String
    let epoch: String
    let version: Int

    var token: String { "\(epoch)-\(version)" }
}

/// Makes requests of all kinds, most of them such as clients send, and damages some of them.
struct RequestGenerator {
    private var numbers: SeededNumbers
    private let stable: [StableApplication]
    /// The application that is pushed to, with `WireRequest.side` in it.
    private let own: String
    private var pushed: [String] = []
    private var sequence = 0

    init(seed: UInt64, stable: [StableApplication], own: String) {
        numbers = SeededNumbers(seed: seed)
        self.stable = stable
        self.own = own
    }

    // MARK: Cases

    struct Case {
        let bytes: [UInt8]
        /// Where the bytes are cut for sending.
        let cuts: [Int]
        /// Whether nothing follows but the end of the sending side.
        let isFinished: Bool
    }

    mutating func next() -> Case {
        var bytes: [UInt8] = []
        let isPipelined = numbers.isLucky(30)
        for _ in 0..<(isPipelined ? Int.random(in: 2...6, using: &numbers) : 1) { bytes += Array(request().utf8) }
        if numbers.isLucky(35) {
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { damage(&bytes) }
        }
        return Case(bytes: bytes, cuts: cuts(bytes.count), isFinished: numbers.isLucky(25))
    }

    private mutating func cuts(_ count: Int) -> [Int] {
        guard count > 1 else { return [] }
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0 where count < 400: return Array(1..<count)
        case 1, 2, 3:
            let cuts = (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
                Int.random(in: 1..<count, using: &numbers)
            }
            return Set(cuts).sorted()
        default: return []
        }
    }

    /// No “?” and “#” among them: they could make a harmful request of a harmless one.
    private static let odd: [UInt8] =
        [0, 9, 10, 13, 32, 127, 128, 255] + Array(":,;%/\"-0159aAzZHTP*".utf8)

    private mutating func damage(_ bytes: inout [UInt8]) {
        guard bytes.count > 2 else { return }
        // Most of what matters is in the first lines.
        let index = Int.random(in: 0..<(numbers.isLucky(60) ? min(bytes.count, 160) : bytes.count), using: &numbers)
        guard bytes[index] != WireRequest.side else { return }
        switch Int.random(in: 0..<7, using: &numbers) {
        case 0: bytes[index] = numbers.pick(Self.odd)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(bytes[index], at: index)
        case 3: bytes.insert(numbers.pick(Self.odd), at: index)
        case 4: bytes.insert(contentsOf: Array("\r\n".utf8), at: index)
        case 5 where (65...90).contains(bytes[index] & 0xdf): bytes[index] ^= 0x20
        case 6 where numbers.isLucky(20): bytes.removeSubrange(index...)
        default: bytes.insert(numbers.pick([10, 13, 0, 32]), at: index)
        }
    }

    // MARK: Requests

    private mutating func request() -> String {
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<45: poll()
        case 45..<85: push()
        case 85..<90: outcome()
        default: other()
        }
    }

    private mutating func head(_ line: String, _ fields: [String]) -> String {
        var fields = fields
        fields.insert(host(), at: 0)
        for _ in 0..<numbers.pick([0, 0, 0, 1, 2, 5]) { fields.append(numbers.pick(Self.usualFields)) }
        if numbers.isLucky(8) { fields.append(numbers.pick(Self.unusualFields)) }
        if numbers.isLucky(20) { fields.append("Origin: \(numbers.pick(Self.origins))") }
        fields.shuffle(using: &numbers)
        return ([line] + fields).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private mutating func host() -> String {
        numbers.isLucky(97)
            ? "Host: localhost" : numbers.pick(["Host:", "HOST: a:80", "host: x\r\nHost: y", "X-No-Host: 1"])
    }

    private static let origins = [
        "https://app.example.org", "https://app.example.org", "https://other.example.org", "null", "",
        "https://app.example.org\r\nOrigin: https://app.example.org", " https://app.example.org ",
        "https://APP.example.org",
    ]

    private static let usualFields = [
        "User-Agent: curl/8.5.0", "Accept: */*", "accept: text/html, application/xml;q=0.9, */*;q=0.8",
        "Accept-Encoding: gzip, deflate, br",
        "Accept-Language: de;q=0.8", "Connection: keep-alive", "connection: Keep-Alive", "Cookie: a=b; c=\"d\"",
        "Cache-Control: no-cache", "X-Forwarded-For: 10.0.0.1", "Sec-Fetch-Mode: cors", "Range: bytes=0-3",
        "TE: trailers",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "X:", "X-Padding:\t a \t",
        "Referer: https://x.example/?a=b",
    ]

    private static let unusualFields = [
        "Connection: close", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Expect: 100-continue",
        "Expect: 200-ok", "Content-Length: 0", "Transfer-Encoding: identity", "A-IM: merge-patch", "A-IM:",
        "Last-Event-ID: 7", "If-Match: *", "Prefer: wait=0", "Prefer: respond-async", "Connection:", "Connection: x",
        "Content-Length: +0", "X-Long: " + String(repeating: "y", count: 9_000), "X Y: z", "X-Bell: \u{7}", "X-Name: é",
        "Folded: a\r\n b", "No-Colon", ": nameless", "Keep-Alive: timeout=5", "Trailer: X", "Proxy-Connection: close",
    ]

    // MARK: Polls

    private mutating func poll() -> String {
        let application = numbers.pick(stable)
        let name =
            numbers.isLucky(85)
            ? application.name
            : numbers.pick([
                "nobody", ".bad", "a%20b", "b%6fard", "", String(repeating: "x", count: 129), "board/", "board%2Fstate",
                "BOARD",
            ])
        let suffix =
            numbers.isLucky(85)
            ? ""
            : numbers.pick([
                "?fresh=1", "?fresh=0", "?fresh=maybe", "?at_least=\(application.token)", "?", "/", "?x=y", "?fresh",
                "#x",
                "?at_least=nonsense", "?at_least=other1-3", "%20", "s", "?path=",
            ])
        let method =
            numbers.isLucky(85) ? "GET" : numbers.pick(["HEAD", "POST", "OPTIONS", "PATCH", "get", "FROB", "PUT"])
        var fields: [String] = []
        if numbers.isLucky(65) { fields.append(noneMatch(application)) }
        if numbers.isLucky(5) {
            fields.append("Prefer: \(numbers.pick(["wait=0", "return=minimal", "", "wait=x", "a;b=c"]))")
        }
        return head("\(method) /v1/apps/\(name)/state\(suffix) HTTP/1.1", fields)
    }

    private mutating func noneMatch(_ application: StableApplication) -> String {
        let token = application.token
        let other = numbers.pick(stable).token
        let epoch = application.epoch
        let value = numbers.pick([
            "\"\(token)\"", "\"\(token)\"", "\"\(token)\"", "\"\(token)\"", token, "W/\"\(token)\"", "\"\(other)\"",
            "\"x\", \"\(token)\"", "\"\(token)\", \"y\"", "*", "\"*\"", "\"\(epoch)-0\"", "\"\(epoch)-1\"",
            "\(epoch)-1",
            "W/\"\(epoch)-1\"", "\"\(epoch)-\(application.version + 3)\"", "\"other1-2\"", "", "\"", "\"\(token)",
            "\(token)\"",
            "\"\(epoch)-01\"", "\"\(epoch)-\"", "\"\(token) \"", "w/\"\(token)\"", "\"\(token)\" ", "\t\"\(token)\"",
            "\"\(epoch)-99999999999999999999\"", "\"\(token)\"\r\nIf-None-Match: \"x\"", "\"\(token.uppercased())\"",
            ",",
        ])
        return "\(numbers.pick(["If-None-Match", "If-None-Match", "if-none-match", "IF-NONE-MATCH"])): \(value)"
    }

    // MARK: Pushes

    private static let types = [
        "application/json", "application/merge-patch+json", "application/json-patch+json",
        "application/vnd.cistern.patch+json",
    ]

    private static let oddTypes = [
        "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json; charset=latin1", "text/plain", "", "application/json,application/json", "application/ json",
        "application/json\r\nContent-Type: application/json", "application/json ; x=y", "*/*",
    ]

    private mutating func push() -> String {
        let type = numbers.isLucky(88) ? numbers.pick(Self.types) : numbers.pick(Self.oddTypes)
        var fields = numbers.isLucky(97) ? ["Content-Type: \(type)"] : []
        if numbers.isLucky(15) {
            fields.append(
                numbers.pick([
                    "Prefer: return=minimal", "Prefer: return=minimal", "prefer: return=representation",
                    "Prefer: wait=0",
                    "Prefer: return=minimal, wait=0", "Prefer: Return=Minimal", "Prefer: return=minimal; x=y",
                    "Prefer: return=\"minimal\"", "Prefer:", "Prefer: handling=strict\r\nPrefer: return=minimal",
                ]))
        }
        if numbers.isLucky(6) {
            fields.append(
                numbers.pick([
                    "If-Match: *", "If-Match: \"x-1\"", "If-None-Match: *", "If-None-Match: \"a-1\"", "If-Match:",
                ]))
        }
        let body = self.body(for: type)
        let line = "\(numbers.isLucky(97) ? "PUT" : numbers.pick(["POST", "put", "PATCH"])) \(changePath()) HTTP/1.1"
        return framed(line, fields, body)
    }

    private mutating func changePath() -> String {
        let path = "/v1/apps/\(own)/changes/"
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<60:
            let id = "c\(pushed.count)"
            pushed.append(id)
            return path + id
        case 60..<72: return path + (pushed.isEmpty ? "c0" : numbers.pick(pushed))
        case 72..<84:
            sequence += 1
            return path + "me~\(sequence)"
        case 84..<88: return path + "me~\(numbers.pick([1, max(sequence, 1), sequence + 2]))"
        default:
            return path
                + numbers.pick([
                    ".x", "", "c%31", "c1/", "c1?x=y", "me~0", "me~01", "new~2", String(repeating: "y", count: 129),
                    "a b", "é", "c1/x",
                    "01890a5d-ac96-774b-bcce-b302099a8057", "c1#f", "%00",
                ])
        }
    }

    private mutating func body(for type: String) -> String {
        if numbers.isLucky(8) {
            return numbers.pick([
                "", "{", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "nul", "[{\"op\":\"frob\",\"path\":\"/a\"}]",
                "{\"a\":\"\\ud800\"}",
                "[1,2", String(repeating: "[", count: 200), "\u{feff}{}", "01", " {} ", "{\"a\":1} x", "\"\u{1f600}\"",
            ])
        }
        let number = Int.random(in: 0..<1_000, using: &numbers)
        if numbers.isLucky(4) {
            return "{\"big\":\"\(String(repeating: "z", count: numbers.pick([16_000, 16_400, 40_000])))\"}"
        }
        switch type {
        case Self.types[2]: return "[{\"op\":\"add\",\"path\":\"/m\(number)\",\"value\":[\(number),null,\"é\"]}]"
        case Self.types[3]: return "[{\"op\":\"increment\",\"path\":\"/n\",\"value\":\(number).5}]"
        default: return "{\"m\(number % 7)\": {\"x\":\(number)}, \"gone\": null}"
        }
    }

    private mutating func framed(_ line: String, _ fields: [String], _ body: String) -> String {
        let count = body.utf8.count
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<4:
            let half = body.utf8.count / 2
            let parts = [Array(body.utf8.prefix(half)), Array(body.utf8.dropFirst(half))].filter { !$0.isEmpty }
            let chunks = parts.map { "\(String($0.count, radix: 16))\r\n\(String(decoding: $0, as: UTF8.self))\r\n" }
                .joined()
            return head(line, fields + ["Transfer-Encoding: chunked"]) + chunks + "0\r\n\r\n"
        case 4..<5:
            return head(line, fields + ["Transfer-Encoding: chunked", "Content-Length: \(count)"]) + "0\r\n\r\n"
        case 5..<6: return head(line, fields) + body
        case 6..<8:
            return head(line, fields + ["Content-Length: \(max(0, count - Int.random(in: 1...5, using: &numbers)))"])
                + body
        case 8..<9:
            return head(line, fields + ["Content-Length: \(count + Int.random(in: 1...90, using: &numbers))"]) + body
        case 9..<11:
            let odd = numbers.pick([
                "+\(count)", "\(count), \(count)", "\(count)\r\nContent-Length: \(count)",
                "\(count)\r\nContent-Length: 1",
                "0x\(String(count, radix: 16))", "-1", "", "00\(count)", "99999999999999999999", "2097152",
                "\(count)\t", "\(count) 1",
                "2147483648",
            ])
            return head(line, fields + ["Content-Length: \(odd)"]) + body
        default: return head(line, fields + ["\(numbers.pick(["Content-Length", "content-length"])): \(count)"]) + body
        }
    }

    // MARK: All else

    private mutating func outcome() -> String {
        let id = pushed.isEmpty || numbers.isLucky(20) ? "unheard-of" : numbers.pick(pushed)
        return head("\(numbers.pick(["GET", "GET", "HEAD"])) /v1/apps/\(own)/changes/\(id) HTTP/1.1", [])
    }

    private mutating func other() -> String {
        let line = numbers.pick([
            "GET /healthz HTTP/1.1", "GET /nope HTTP/1.1", "GET / HTTP/1.1", "GET /v1/apps/board HTTP/1.1",
            "GET /v1/apps/nobody HTTP/1.1", "GET /problems/invalid-id HTTP/1.1",
            "GET /v1/apps/board/changes?limit=2 HTTP/1.1",
            "DELETE /v1/apps/nobody HTTP/1.1", "GET /v1/apps/board/state HTTP/1.0", "GET /healthz HTTP/1.0",
            "GET /healthz HTTP/2.0",
            "GET http://localhost/v1/apps/board/state HTTP/1.1", "OPTIONS * HTTP/1.1", "GET  /healthz HTTP/1.1",
            "GET /healthz  HTTP/1.1", "GET /healthz", "HEAD /healthz HTTP/1.1", "\r\nGET /v1/apps/board/state HTTP/1.1",
            "GET /v1/apps/board/state HTTP/1.1 ", "CONNECT localhost:80 HTTP/1.1", "PRI * HTTP/2.0",
            "GET /healthz http/1.1",
            "TRACE /healthz HTTP/1.1", "GET /v1/apps/./board/state HTTP/1.1", "GET //v1/apps/board/state HTTP/1.1",
            "GET /V1/apps/board/state HTTP/1.1", "GET /\(String(repeating: "x", count: 9_000)) HTTP/1.1",
        ])
        if numbers.isLucky(15) {
            return head(
                "OPTIONS /v1/apps/board/state HTTP/1.1",
                ["Access-Control-Request-Method: GET", "Origin: https://app.example.org"])
        }
        return head(line, [])
    }
}
