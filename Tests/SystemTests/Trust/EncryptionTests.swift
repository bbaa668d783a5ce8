import Foundation
import SystemSupport
import TestSupport
import Testing

/// TLS: of the daemons themselves, and to Redis.
@Suite("Encryption", .timeLimit(.minutes(20)))
struct EncryptionTests {
    @Test(
        "A daemon with a certificate speaks TLS only, its lanes behind it, and takes a renewed certificate without a restart"
    )
    func daemons() async throws {
        let certificates = try Certificates()
        defer { certificates.folder.remove() }
        let files = try certificates.issue("server", serial: 1_001)
        try await withCistern { system in
            _ = try await system.outcome(#"{"a":1}"#, id: "c1")
            let memcached = system.memcacheds.map { "unix://\($0.address)" }.joined(separator: ",")
            let front = DaemonProcess(
                .front,
                options: [
                    "--redis-url", system.redis.url, "--memcached", memcached, "--tls-certificate", files.certificate,
                    "--tls-key", files.key,
                ], logFile: system.redis.folder + "/tls.log")
            try await front.launch()
            defer { front.kill() }
            let url = "https://localhost:\(front.port)"
            let state = { try certificates.curl(["--include", url + "/v1/apps/board/state"]) }
            #expect(try state().hasPrefix("HTTP/1.1 200 OK\r\n") && state().hasSuffix(#"{"a":1}"#))
            let push = try certificates.curl([
                "-X", "PUT", "-H", "Content-Type: application/merge-patch+json", "-d", #"{"b":2}"#,
                url + "/v1/apps/board/changes/c2", url + "/v1/apps/board/changes/c2",
            ])
            #expect(push.contains(#""id":"c2""#))
            try await eventually("the change is merged") { try state().hasSuffix(#"{"a":1,"b":2}"#) }
            // By lanes: several requests on one connection.
            let metrics = try certificates.curl([url + "/metrics"])
            #expect(metrics.contains(#"http_express_requests_total{method="PUT""#))
            #expect(metrics.contains(#"http_express_requests_total{method="GET",route="/v1/apps/{app}/state"}"#))
            let waited = try certificates.curl([
                "-H", "Prefer: wait=1", "-H", "If-None-Match: \"x-1\"", url + "/v1/apps/board/state",
            ])
            #expect(waited == #"{"a":1,"b":2}"#)
            // A large answer, and a stream.
            let text = mixedText(300_000)
            _ = try await system.outcome("{\"t\":\"\(text)\"}", id: "c3", to: "big")
            #expect(try certificates.curl([url + "/v1/apps/big/state"]) == "{\"t\":\"\(text)\"}")
            let events = try certificates.curl([
                "--max-time", "2", "--no-buffer", "-H", "Accept: text/event-stream", url + "/v1/apps/board/state",
            ])
            #expect(events.contains("event: state"))
            // In the clear there is no answer.
            #expect(
                !(try certificates.curl(["--include", "http://localhost:\(front.port)/healthz"])).contains(
                    "HTTP/1.1 200"))
            // The level lets curl itself speak what is too old.
            let old = ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", url + "/healthz"]
            #expect(try certificates.curl(old).contains("curl:"))
            let serial = { try certificates.curl(["--verbose", url + "/healthz", "--write-out", "%{certs}"]) }
            #expect(try serial().contains("Serial Number:3e9") || serial().lowercased().contains("03e9"))
            try certificates.issue("server", serial: 1_002)
            try await eventually("the new certificate is shown") { try serial().lowercased().contains("3ea") }
            // What does not fit together changes nothing.
            try "nonsense".write(toFile: files.key, atomically: true, encoding: .utf8)
            try await eventually("the server says so") { front.logged.contains("what was read before stays in force") }
            #expect(try serial().lowercased().contains("3ea"))
        }
    }

    @Test("Redis is spoken to by TLS where its URL says so, and only if its certificate leads to the given authority")
    func redis() async throws {
        let certificates = try Certificates()
        defer { certificates.folder.remove() }
        let stranger = try Certificates()
        defer { stranger.folder.remove() }
        let files = try certificates.issue("redis", serial: 1)
        let port = try freeLoopbackPort()
        var options = CisternOptions.front
        options.redis = [
            "tls-port": "\(port)", "tls-cert-file": files.certificate, "tls-key-file": files.key,
            "tls-ca-cert-file": certificates.authority, "tls-auth-clients": "no",
        ]
        try await withCistern(options) { system in
            let memcached = system.memcacheds.map { "unix://\($0.address)" }.joined(separator: ",")
            func front(_ host: String, _ authority: String) -> DaemonProcess {
                DaemonProcess(
                    .front,
                    options: [
                        "--redis-url", "rediss://\(host):\(port)", "--redis-ca", authority, "--memcached", memcached,
                    ], logFile: system.redis.folder + "/\(UInt64.random(in: 0...UInt64.max)).log")
            }
            for host in ["localhost", "127.0.0.1"] {
                let front = front(host, certificates.authority)
                try await front.launch()
                defer { front.kill() }
                #expect(try await system.push(#"{"a":1}"#, id: "to-\(host)", at: front).status == 201)
                try await eventually("the state is there") { try await system.state(from: front).text == #"{"a":1}"# }
                #expect(try await system.get("/readyz", from: front).status == 200)
            }
            let wrong = front("localhost", stranger.authority)
            let launch = Task { try await wrong.launch() }
            defer { wrong.kill() }
            try await eventually("it does not believe the server") { wrong.logged.contains("Waiting for Redis") }
            launch.cancel()
        }
    }
    @Test("Sentinels are spoken to by TLS, too, and whoever does not believe them says that it is their certificate")
    func sentinels() async throws {
        let certificates = try Certificates()
        defer { certificates.folder.remove() }
        let stranger = try Certificates()
        defer { stranger.folder.remove() }
        let files = try certificates.issue("redis", serial: 1)
        let tls = [
            "tls-cert-file": files.certificate, "tls-key-file": files.key,
            "tls-ca-cert-file": certificates.authority, "tls-auth-clients": "no",
        ]
        let (port, sentinelPort) = (try freeLoopbackPort(), try freeLoopbackPort())
        var options = CisternOptions.front
        options.redis = tls.merging(["tls-port": "\(port)"]) { $1 }
        try await withCistern(options) { system in
            let settings = tls.map { "\($0.key) \($0.value)" } + ["tls-port \(sentinelPort)", "tls-replication yes"]
            let sentinel = try await TestSentinel.start(watching: system.redis, at: port, settings: settings)
            defer { sentinel.remove() }
            let memcached = system.memcacheds.map { "unix://\($0.address)" }.joined(separator: ",")
            let url = "rediss+sentinel://localhost:\(sentinelPort)/\(TestSentinel.name)"
            func front(_ name: String, _ authority: String) -> DaemonProcess {
                DaemonProcess(
                    .front, options: ["--redis-url", url, "--redis-ca", authority, "--memcached", memcached],
                    logFile: system.redis.folder + "/\(name).log")
            }
            let believing = front("believing", certificates.authority)
            try await believing.launch()
            defer { believing.kill() }
            #expect(try await system.push(#"{"a":1}"#, id: "c1", at: believing).status == 201)
            let wrong = front("wrong", stranger.authority)
            let launch = Task { try await wrong.launch() }
            defer { wrong.kill() }
            try await eventually("it says what it does not believe: \(wrong.logged)") {
                wrong.logged.lowercased().contains("certificate_verify_failed")
            }
            launch.cancel()
        }
    }
}
