import Testing

@testable import HTTPService

@Suite("Scanning the head of a request")
struct RequestScanTests {
    private func scan(_ bytes: some Sequence<UInt8>, _ limits: ScanLimits = ScanLimits()) -> RequestScan {
        RequestScan(Array(bytes).span, limits: limits)
    }

    private func request(_ bytes: [UInt8]) throws -> ScannedRequest {
        guard case .request(let request) = scan(bytes) else {
            Issue.record("\(scan(bytes)) of \(String(decoding: bytes, as: UTF8.self))")
            throw CancellationError()
        }
        return request
    }

    @Test(
        "What clients and proxies send is a request, and every beginning of it is none yet",
        arguments: RequestHeads.usual + RequestHeads.upgrades)
    func usual(sample: RequestHeads.Sample) throws {
        let bytes = sample.bytes
        let request = try request(bytes)
        #expect(request.headBytes == bytes.count)
        #expect(!request.isConditional)
        #expect(request.isUpgrade == sample.text.contains("Sec-WebSocket-Key"))
        for count in 0..<bytes.count {
            #expect(scan(bytes.prefix(count)) == .incomplete, "after \(count) bytes")
        }
    }

    @Test(
        "What follows a head changes nothing of what was found in it",
        arguments: RequestHeads.usual + RequestHeads.upgrades)
    func followed(sample: RequestHeads.Sample) throws {
        let request = try request(sample.bytes)
        for more in [
            "x", "\r\n", "GET / HTTP/1.1\r\n\r\n", "\0", "Transfer-Encoding: chunked\r\n\r\n",
            String(repeating: "y", count: 20_000),
        ] {
            #expect(scan(sample.bytes + Array(more.utf8)) == .request(request), "\(more.prefix(40))")
        }
    }

    @Test("What is unusual or malformed is for the decoder", arguments: RequestHeads.unusual)
    func unusual(sample: RequestHeads.Sample) {
        let bytes = RequestHeads.unusualBytes(sample)
        #expect(scan(bytes) == .unusual)
        // However it came, no beginning of it was taken for a request, and what was once unusual stays so.
        var wasUnusual = false
        for count in 0..<bytes.count {
            switch scan(bytes.prefix(count)) {
            case .incomplete: #expect(!wasUnusual, "after \(count) bytes")
            case .unusual: wasUnusual = true
            case .request(let request): Issue.record("\(request) after \(count) bytes")
            }
        }
    }

    @Test("Every single byte that is no visible ASCII is for the decoder, wherever it stands in a head")
    func odd() async {
        let bytes = RequestHeads.bytes("PUT /a/b HTTP/1.1\nHost: x\nContent-Length: 12\nOrigin: https://a.example")
        let odd = (0..<256).map(UInt8.init).filter { !(32..<127).contains($0) && $0 != 9 }
        for index in bytes.indices {
            await Task.yield()
            for byte in odd where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                if case .request = scan(changed) { Issue.record("byte \(byte) at \(index)") }
            }
        }
    }

    @Test("Fields are found where they stand, without the white space around them")
    func fields() throws {
        let lines =
            "PUT /target?x HTTP/1.1\nIF-none-MATCH: \t\"a-1\"\t \nContent-Type:application/json\nprefer: return=minimal \nOrigin:  null\ncontent-length:  42 \nACCEPT: text/event-stream , */*;q=0.1\nAccept-Encoding: gzip\t\na-IM:merge-patch\nLast-event-id: 7"
        let bytes = RequestHeads.bytes(lines)
        let request = try request(bytes)
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        #expect(text(request.target) == "/target?x")
        #expect(text(request.ifNoneMatch) == "\"a-1\"")
        #expect(text(request.contentType) == "application/json")
        #expect(text(request.prefer) == "return=minimal")
        #expect(text(request.origin) == "null")
        #expect(text(request.accept) == "text/event-stream , */*;q=0.1")
        #expect(text(request.acceptEncoding) == "gzip")
        #expect(text(request.aIM) == "merge-patch")
        #expect(text(request.lastEventID) == "7")
        #expect(request.bodyBytes == 42)
        #expect(request.bytes == bytes.count + 42)
        #expect(request.method == .put && !request.isConditional && !request.isPlain)
    }

    @Test("Who asks for a difference, for what followed, or for another protocol does not ask for the plain thing")
    func plain() throws {
        #expect(try request(RequestHeads.bytes("GET / HTTP/1.1\nAccept: a/b\nIf-None-Match: \"a\"")).isPlain)
        for line in ["A-IM: merge-patch", "Last-Event-ID: 7", "Connection: Upgrade\nUpgrade: websocket", "If-Match: *"]
        {
            #expect(try !request(RequestHeads.bytes("GET / HTTP/1.1\n\(line)")).isPlain)
        }
    }

    @Test(
        "A list accepts what it names and does not refuse, in whatever case",
        arguments: [
            ("gzip", true), ("GZip", true), ("gzip, br", true), ("br,gzip", true), ("br ,\tgzip\t; q=0.5", true),
            ("", false),
            ("gzi", false), ("gzipp", false), ("x-gzip", false), ("gzip;q=0", false), ("gzip; Q=0.000", false),
            ("gzip;q=0.001", true), ("gzip;q=1", true), ("gzip;level=9;q=0", false), ("gzip;q", true), (",,gzip", true),
            ("br;x=gzip", false), ("*", false), ("gzip;", true),
        ])
    func accepts(list: String, isAccepted: Bool) {
        let bytes = Array(("gzip" + list + "gzip").utf8)
        #expect(bytes.span.accepts("gzip", in: 4..<(bytes.count - 4)) == isAccepted)
    }

    @Test(
        "What no lane understands is noted, and so is a field that is empty or there twice",
        arguments: [
            "a-im:", "A-IM: gzip\nA-IM: gzip", "If-Match: *", "IF-MATCH: \"a-1\"", "Last-Event-ID:", "If-None-Match:",
            "Last-Event-ID: 1\nlast-event-id: 2", "Accept:", "Accept: a/b\nAccept: */*", "Accept-Encoding:",
            "accept-encoding: gzip\nAccept-Encoding: br",
            "If-None-Match: \"a-1\"\nIf-None-Match: \"a-2\"", "Prefer:", "Prefer: a\nPrefer: b", "Origin: ",
            "Origin: a\nOrigin: a",
            "Content-Type:", "Content-Type: a\ncontent-type: a",
        ])
    func conditional(lines: String) throws {
        #expect(try request(RequestHeads.bytes("GET / HTTP/1.1\nHost: x\n\(lines)")).isConditional)
    }

    @Test("A head may be exactly as large as the limits say")
    func limits() throws {
        var small = HTTPLimits()
        small.headerFieldBytes = 200
        small.headerFields = 3
        let limits = ScanLimits(small)
        let start = "GET / HTTP/1.1\nX: y\nY: "
        let room = 200 - RequestHeads.bytes(start).count
        func head(_ count: Int) -> [UInt8] { RequestHeads.bytes(start + String(repeating: "y", count: count)) }
        #expect(head(room).count == 200)
        if case .request = scan(head(room), limits) {} else { Issue.record("200 bytes fit") }
        #expect(scan(head(room + 1), limits) == .unusual)
        if case .request = scan(RequestHeads.bytes("GET / HTTP/1.1\nA: 1\nB: 2\nC: 3"), limits) {
        } else {
            Issue.record("three fit")
        }
        #expect(scan(RequestHeads.bytes("GET / HTTP/1.1\nA: 1\nB: 2\nC: 3\nD: 4"), limits) == .unusual)
        // Never more than the decoder takes.
        #expect(ScanLimits().headBytes <= HTTPLimits().headerFieldBytes)
        #expect(ScanLimits().fields <= HTTPLimits().headerFields)
    }
}
