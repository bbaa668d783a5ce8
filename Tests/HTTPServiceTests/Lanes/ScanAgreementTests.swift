import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import HTTPService

@Suite("The scan and the HTTP decoder agree", .timeLimit(.minutes(2)))
struct ScanAgreementTests {
    private static let cases = 25_000
    /// More would only take time.
    private static let longestBody = 4_096

    private static let lines = [
        "Host: x", "Connection: keep-alive", "Content-Length: 0", "Content-Length: 5", "content-length:  12 ",
        "Content-Length: 007",
        "Content-Length: 5\t", "Content-Length: 5 \t ", "Content-Length:\t5", "Content-Length: \t 5 ",
        "If-None-Match: \"a-1\"", "If-None-Match:", "If-None-Match: \"a-1\", \"b\"", "Prefer: return=minimal",
        "Prefer: wait=1",
        "Content-Type: application/json", "Origin: https://a.example", "A-IM: x", "If-Match: *", "X: \t y \t", "X:",
        "Y: a,b;c=\"d\"",
        "Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: x", "Connection: close", "TE: trailers",
        "Last-Event-ID: 3",
        "Upgrade: websocket", "Connection: Upgrade", "Connection: keep-alive, Upgrade", "Accept: a/b",
        "Accept-Encoding: gzip",
        "Proxy-Connection: close", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5",
    ]

    private static let odd: [UInt8] = [0, 9, 10, 13, 32, 127, 128, 255] + Array(":,;\"/ -+059aAzZHTPG".utf8)

    private func generated(_ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes: [UInt8]
        if Int.random(in: 0..<4, using: &numbers) == 0 {
            bytes = numbers.pick(RequestHeads.usual + RequestHeads.upgrades).bytes
        } else {
            let method = numbers.pick([
                "GET", "GET", "PUT", "PUT", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE",
            ])
            let target = numbers.pick([
                "/", "/v1/apps/a/state", "/v1/apps/a/changes/c1", "/?a=b", "/%00", "//", "/a;b=c~!$&'()*+,@:",
            ])
            var text = "\(method) \(target) HTTP/1.1"
            for _ in 0..<Int.random(in: 0...8, using: &numbers) { text += "\n" + numbers.pick(Self.lines) }
            bytes = RequestHeads.bytes(text)
        }
        for _ in 0..<numbers.pick([0, 0, 1, 1, 2, 3]) {
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: bytes[index] = numbers.pick(Self.odd)
            case 1: bytes[index] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &numbers)
            case 2 where bytes.count > 4: bytes.remove(at: index)
            case 3: bytes.insert(bytes[index], at: index)
            default: bytes.insert(numbers.pick(Self.odd), at: index)
            }
        }
        return bytes
    }

    @Test("Whatever the scan takes for a request, the decoder reads in the same way, and ends in the same place")
    func agreement() async throws {
        var numbers = SeededNumbers(seed: 9_110_9_112)
        var taken = 0
        for number in 0..<Self.cases {
            // Tests with deadlines run beside this one, on the same few threads.
            if number % 20 == 0 { await Task.yield() }
            let head = generated(&numbers)
            guard case .request(let request) = RequestScan(head.span, limits: ScanLimits()) else { continue }
            taken += 1
            try compare(head, request)
        }
        print("\(taken) of \(Self.cases) generated heads were requests")
        #expect(taken > Self.cases / 4)
    }

    private func compare(_ bytes: [UInt8], _ request: ScannedRequest) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let bodyBytes = min(request.bodyBytes, Self.longestBody)
        var input = Array(bytes.prefix(request.headBytes)) + Array(repeating: UInt8(ascii: "b"), count: bodyBytes)
        let isWhole = bodyBytes == request.bodyBytes
        if isWhole { input += RequestHeads.bytes("GET /second HTTP/1.1\nHost: second") }

        let parts = try decoded(input, text)
        guard case .head(let head)? = parts.first else {
            Issue.record("no head: \(text)")
            return
        }
        #expect(head.uri == String(decoding: bytes[request.target], as: UTF8.self), "\(text)")
        #expect(head.version == .http1_1 && head.isKeepAlive, "\(text)")
        switch request.method {
        case .get: #expect(head.method == .GET, "\(text)")
        case .put: #expect(head.method == .PUT, "\(text)")
        case .other: #expect([.HEAD, .POST, .DELETE, .OPTIONS].contains(head.method), "\(text)")
        }
        compareFields(bytes, request, head, text)

        var received = 0
        var rest = parts.dropFirst()
        while case .body(let body)? = rest.first {
            received += body.readableBytes
            rest = rest.dropFirst()
        }
        #expect(received == bodyBytes, "\(text)")
        // What follows an upgrade is not HTTP to the decoder.
        guard isWhole, !request.isUpgrade else { return }
        guard case .end? = rest.first, case .head(let second)? = rest.dropFirst().first else {
            Issue.record("ends elsewhere: \(text)")
            return
        }
        #expect(second.uri == "/second", "\(text)")
    }

    private func compareFields(_ bytes: [UInt8], _ request: ScannedRequest, _ head: HTTPRequestHead, _ text: String) {
        var isConditional = head.headers.contains(name: "if-match")
        let noted = [
            ("content-type", request.contentType), ("if-none-match", request.ifNoneMatch), ("prefer", request.prefer),
            ("origin", request.origin), ("accept", request.accept), ("accept-encoding", request.acceptEncoding),
            ("a-im", request.aIM), ("last-event-id", request.lastEventID),
        ]
        for (name, range) in noted {
            // The decoder leaves blanks at the end of a value, which do not belong to it (RFC 9110 §5.5).
            let values = head.headers[name].map { String($0.trimming { $0 == " " || $0 == "\t" }) }
            if values.count > 1 || values.contains("") { isConditional = true }
            guard values.count <= 1 else { continue }
            #expect(values.first ?? "" == String(decoding: bytes[range], as: UTF8.self), "\(name) in \(text)")
        }
        #expect(request.isConditional == isConditional, "\(text)")
        let lengths = head.headers["content-length"].map { Int($0.trimming { $0 == " " || $0 == "\t" }) }
        #expect(lengths == (lengths.isEmpty ? [] : [request.bodyBytes]), "\(text)")
        for name in ["transfer-encoding", "expect"] { #expect(!head.headers.contains(name: name), "\(text)") }
        #expect(
            head.headers["upgrade"].map { $0.lowercased().trimming { $0 == " " || $0 == "\t" } }
                == (request.isUpgrade ? ["websocket"] : []), "\(text)")
    }

    private func decoded(_ input: [UInt8], _ text: String) throws -> [HTTPServerRequestPart] {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        do { try channel.writeInbound(ByteBuffer(bytes: input)) } catch {
            Issue.record("\(error) of the decoder: \(text)")
        }
        var parts: [HTTPServerRequestPart] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) { parts.append(part) }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return parts
    }
}

extension String {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest.drop(while: isBlank)
    }
}
