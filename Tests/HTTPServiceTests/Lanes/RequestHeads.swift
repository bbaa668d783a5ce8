import Testing

@testable import HTTPService

/// Request heads as clients and proxies send them, with `\n` for CRLF and without the empty line.
enum RequestHeads {
    struct Sample: Sendable, CustomTestStringConvertible {
        let client: String
        let text: String
        var bytes: [UInt8] { RequestHeads.bytes(text) }
        var testDescription: String { client }
    }

    static func bytes(_ text: String) -> [UInt8] { Array((text.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8) }

    static let upgrades: [Sample] = [
        Sample(
            client: "Chrome, a WebSocket",
            text: """
                GET /v1/apps/board/socket HTTP/1.1
                Host: cistern.example.org
                Connection: Upgrade
                Pragma: no-cache
                Upgrade: websocket
                Origin: https://app.example.org
                Sec-WebSocket-Version: 13
                Accept-Encoding: gzip, deflate, br, zstd
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
                """),
        Sample(
            client: "Firefox, a WebSocket",
            text: """
                GET /v1/apps/board/socket HTTP/1.1
                Host: cistern.example.org
                Accept: */*
                Sec-WebSocket-Version: 13
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                connection: keep-alive,\tUPGRADE
                upgrade: WebSocket
                """),
    ]

    static let usual: [Sample] = [
        Sample(
            client: "curl, a poll",
            text:
                "GET /v1/apps/board/state HTTP/1.1\nHost: localhost:8080\nUser-Agent: curl/7.88.1\nAccept: */*\nIf-None-Match: \"mgz3k1-1\""
        ),
        Sample(
            client: "curl, a push",
            text:
                "PUT /v1/apps/board/changes/c1 HTTP/1.1\nHost: localhost:8080\nUser-Agent: curl/7.88.1\nAccept: */*\nContent-Type: application/merge-patch+json\nContent-Length: 16"
        ),
        Sample(
            client: "Chrome",
            text: """
                GET /v1/apps/board/state HTTP/1.1
                Host: cistern.example.org
                Connection: keep-alive
                Pragma: no-cache
                Cache-Control: no-cache
                sec-ch-ua-platform: "Linux"
                User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
                sec-ch-ua: "Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"
                If-None-Match: "mgz3k1-57"
                sec-ch-ua-mobile: ?0
                Accept: */*
                Origin: https://app.example.org
                Sec-Fetch-Site: same-site
                Sec-Fetch-Mode: cors
                Sec-Fetch-Dest: empty
                Referer: https://app.example.org/
                Accept-Encoding: gzip, deflate, br, zstd
                Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7
                Cookie: session=0123456789abcdef; theme="dark"
                """),
        Sample(
            client: "Firefox",
            text: """
                PUT /v1/apps/board/changes/tab~17 HTTP/1.1
                Host: cistern.example.org
                User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0
                Accept: */*
                Accept-Language: de,en-US;q=0.7,en;q=0.3
                Accept-Encoding: gzip, deflate, br, zstd
                Referer: https://app.example.org/
                content-type: application/json
                prefer: return=minimal
                Content-Length: 27
                Origin: https://app.example.org
                DNT: 1
                Sec-GPC: 1
                Connection: keep-alive
                Sec-Fetch-Dest: empty
                Sec-Fetch-Mode: cors
                Sec-Fetch-Site: same-site
                Priority: u=4
                """),
        Sample(
            client: "Safari",
            text: """
                GET /v1/apps/board/state HTTP/1.1
                Host: cistern.example.org
                Accept: */*
                If-None-Match: W/"mgz3k1-57"
                Origin: https://app.example.org
                Sec-Fetch-Site: same-site
                Sec-Fetch-Mode: cors
                User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15
                Sec-Fetch-Dest: empty
                Accept-Language: de-DE,de;q=0.9
                Priority: u=3, i
                Accept-Encoding: gzip, deflate
                Connection: keep-alive
                """),
        Sample(
            client: "fetch of Node (undici)",
            text: """
                PUT /v1/apps/board/changes/c1 HTTP/1.1
                host: 127.0.0.1:8080
                connection: keep-alive
                content-type: application/json-patch+json
                accept: */*
                accept-language: *
                sec-fetch-mode: cors
                user-agent: node
                accept-encoding: gzip, deflate
                content-length: 44
                """),
        Sample(
            client: "requests of Python",
            text: """
                GET /v1/apps/board/state HTTP/1.1
                Host: 127.0.0.1:8080
                User-Agent: python-requests/2.32.3
                Accept-Encoding: gzip, deflate
                Accept: */*
                Connection: keep-alive
                If-None-Match: "mgz3k1-57"
                """),
        Sample(
            client: "net/http of Go",
            text:
                "GET /v1/apps/board/state HTTP/1.1\nHost: 127.0.0.1:8080\nUser-Agent: Go-http-client/1.1\nIf-None-Match: \"mgz3k1-57\"\nAccept-Encoding: gzip"
        ),
        Sample(
            client: "nginx as a proxy with keep-alive upstreams",
            text: """
                GET /v1/apps/board/state HTTP/1.1
                X-Forwarded-For: 203.0.113.7
                X-Forwarded-Proto: https
                X-Real-IP: 203.0.113.7
                Host: cistern.example.org
                User-Agent: curl/8.5.0
                Accept: */*
                """),
        Sample(
            client: "Caddy as a proxy",
            text: """
                PUT /v1/apps/board/changes/c1 HTTP/1.1
                Host: cistern.example.org
                User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0
                Content-Length: 8
                Accept: */*
                Content-Type: application/json
                Te: trailers
                Via: 2.0 Caddy
                X-Forwarded-For: 203.0.113.7
                X-Forwarded-Host: cistern.example.org
                X-Forwarded-Proto: https
                Accept-Encoding: gzip
                """),
        Sample(client: "a bare request", text: "GET / HTTP/1.1"),
        Sample(
            client: "odd white space and case that is allowed",
            text: "HEAD /a?b=%20&c=d HTTP/1.1\nhOST:x\nX-Empty:\nX-Blank: \t \nACCEPT:\t*/* \t\nCONNECTION: Keep-Alive"),
        Sample(
            client: "a request with a length of nothing",
            text: "DELETE /v1/apps/board HTTP/1.1\nHost: x\nContent-Length: 0"),
        Sample(
            client: "a preflight",
            text: "OPTIONS /v1/apps/board/state HTTP/1.1\nHost: x\nAccess-Control-Request-Method: PUT"),
    ]

    /// What only the decoder may judge, with `\n` for CRLF, and the empty line where there is to be one.
    static let unusual: [Sample] = {
        let get = "GET / HTTP/1.1\nHost: x\n"
        let put = "PUT / HTTP/1.1\nHost: x\n"
        func field(_ line: String) -> String { get + line + "\n\n" }
        func length(_ value: String) -> String { put + "Content-Length:\(value)\n\n" }
        let raw: [(String, String)] = [
            ("a bare LF behind the request line", "GET / HTTP/1.1\u{b}Host: x\n\n"),
            ("a bare LF behind a field", "GET / HTTP/1.1\nHost: x\u{b}X: y\n\n"),
            ("a bare LF as the empty line", "GET / HTTP/1.1\nHost: x\n\u{b}"),
            ("CR without LF behind the request line", "GET / HTTP/1.1\rHost: x\n\n"),
            ("CR without LF behind a field", "GET / HTTP/1.1\nHost: x\rX: y\n\n"),
            ("CR without LF as the empty line", "GET / HTTP/1.1\nHost: x\n\rX"),
            ("two CRs", "GET / HTTP/1.1\nHost: x\r\n\n"),
            ("a folded field", field("X: a\n b")), ("a folded field by a tab", field("X: a\n\tb")),
            ("a blank before the first field", "GET / HTTP/1.1\n Host: x\n\n"),
            ("a space before the colon", field("X : y")), ("a tab before the colon", field("X\t: y")),
            ("no colon", field("X")), ("no name", field(": y")), ("a space in a name", field("X Y: z")),
            ("a quote in a name", field("\"X\": z")), ("a control byte in a name", field("X\u{1}: y")),
            ("NUL in a name", field("X\0: y")), ("NUL in a value", field("X: a\0b")),
            ("a control byte in a value", field("X: a\u{7}b")),
            ("DEL in a value", field("X: \u{7f}")), ("UTF-8 in a value", field("X: é")),
            ("UTF-8 in a name", field("é: x")),
            ("UTF-8 in the target", "GET /é HTTP/1.1\nHost: x\n\n"),
            ("a control byte in the target", "GET /\u{1} HTTP/1.1\n\n"),
            ("a tab in the request line", "GET\t/ HTTP/1.1\n\n"),
            ("two spaces before the target", "GET  / HTTP/1.1\n\n"),
            ("two spaces behind the target", "GET /  HTTP/1.1\n\n"),
            ("a space behind the version", "GET / HTTP/1.1 \n\n"),
            ("an empty line first", "\n" + get + "\n"), ("a space first", " " + get + "\n"),
            ("an absolute target", "GET http://localhost/ HTTP/1.1\nHost: x\n\n"),
            ("an asterisk", "OPTIONS * HTTP/1.1\nHost: x\n\n"),
            ("an authority", "CONNECT localhost:80 HTTP/1.1\nHost: x\n\n"), ("no slash", "GET a HTTP/1.1\n\n"),
            ("no target", "GET HTTP/1.1\n\n"), ("a lower-case method", "get / HTTP/1.1\n\n"),
            ("half in lower case", "Get / HTTP/1.1\n\n"),
            ("an unknown method", "FROB / HTTP/1.1\n\n"), ("a rare method", "PATCH / HTTP/1.1\n\n"),
            ("a method that is too long", "PROPFINDX / HTTP/1.1\n\n"), ("a method and more", "GETX / HTTP/1.1\n\n"),
            ("HTTP/1.0", "GET / HTTP/1.0\nHost: x\n\n"), ("HTTP/1.2", "GET / HTTP/1.2\n\n"), ("HTTP/0.9", "GET /\n"),
            ("http in lower case", "GET / http/1.1\n\n"), ("HTTP/11", "GET / HTTP/11\n\n"),
            ("the preface of HTTP/2", "PRI * HTTP/2.0\n\nSM\n\n"), ("a handshake of TLS", "\u{16}\u{3}\u{1}\u{2}\0"),
            ("chunks", put + "Transfer-Encoding: chunked\n\n"),
            ("chunks in odd case", put + "transfer-ENCODING: x\n\n"),
            ("chunks with a length", put + "Content-Length: 5\nTransfer-Encoding: chunked\n\n"),
            ("a length with chunks", put + "Transfer-Encoding: chunked\nContent-Length: 5\n\n"),
            ("the same length twice", put + "Content-Length: 5\nContent-Length: 5\n\n"),
            ("two lengths", put + "Content-Length: 5\nContent-Length: 6\n\n"), ("+5", length(" +5")),
            ("5, 5", length(" 5, 5")),
            ("0x5", length(" 0x5")), ("-5", length(" -5")), ("5 5", length(" 5 5")), ("5.0", length(" 5.0")),
            ("5;", length(" 5;")),
            ("an empty length", length("")), ("a tab behind a length", length(" 5\t")),
            ("a space and a tab behind a length", length(" 5 \t")), ("a blank length", length(" ")),
            ("a length beyond an Int", length(" 99999999999999999999")),
            ("a length of many digits", length(" 0000000000005")), ("digits of another script", length(" ٥")),
            ("an expectation", put + "Content-Length: 5\nExpect: 100-continue\n\n"),
            ("another expectation", field("EXPECT: x")),
            ("an upgrade to something else", get + "Connection: Upgrade\nUpgrade: h2c\n\n"),
            ("an upgrade alone", field("Upgrade: websocket")),
            ("an upgrade twice", get + "Connection: Upgrade\nUpgrade: websocket\nUpgrade: websocket\n\n"),
            ("a choice of upgrades", get + "Connection: Upgrade\nUpgrade: websocket, h2c\n\n"),
            ("an upgrade with a body", get + "Connection: Upgrade\nUpgrade: websocket\nContent-Length: 1\n\n"),
            ("an upgrade of a push", put + "Connection: Upgrade\nUpgrade: websocket\n\n"),
            ("a list with another option", get + "Connection: Upgrade, close\nUpgrade: websocket\n\n"),
            ("the end of the connection", field("Connection: close")), ("in capitals", field("CONNECTION: CLOSE")),
            ("a list of options", field("Connection: keep-alive, Upgrade")), ("an empty option", field("Connection:")),
            ("another option", field("Connection: keep-alivf")), ("a proxy's option", field("Proxy-Connection: close")),
            ("too many fields", get + String(repeating: "X: y\n", count: 64) + "\n"),
            ("a head that is too long", field("X: " + String(repeating: "y", count: 8_192))),
            ("a target that is too long", "GET /" + String(repeating: "y", count: 8_192) + " HTTP/1.1\n\n"),
            ("a head that is too long and not yet complete", get + "X: " + String(repeating: "y", count: 8_192)),
        ]
        // Bare LFs stand as vertical tabs above, which are unusual in themselves but for this.
        return raw.map { Sample(client: $0, text: $1) }
    }()

    static func unusualBytes(_ sample: Sample) -> [UInt8] {
        Array(sample.text.utf8).flatMap { byte -> [UInt8] in
            switch byte {
            case 10: [13, 10]
            case 11: [10]
            default: [byte]
            }
        }
    }
}
