import CisternClient
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A proxy in front of Cistern, set up as the documentation shows.
private enum Proxy: CaseIterable {
    case nginx, caddy

    /// A file of its settings: those of the documentation, for this machine and this test.
    private func settings(port: Int, to server: Int, _ files: (certificate: String, key: String), _ folder: String)
        throws -> String
    {
        let site = try documented().replacing("127.0.0.1:8080", with: "127.0.0.1:\(server)")
        switch self {
        case .nginx:
            let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
            return """
                daemon off; pid \(folder)/nginx.pid; error_log \(folder)/nginx.log; worker_processes 1;
                events {}
                http { access_log off; \(paths.joined(separator: " "))
                \(site.replacing("listen 443 ssl http2;", with: "listen 127.0.0.1:\(port) ssl http2;")
                    .replacing("/etc/ssl/cistern.crt", with: files.certificate)
                    .replacing("/etc/ssl/cistern.key", with: files.key)
                    .replacing("cistern.example.org", with: "localhost"))
                }
                """
        case .caddy:
            return """
                {
                    admin off
                    default_bind 127.0.0.1
                    auto_https disable_redirects
                    storage file_system \(folder)/storage
                }
                \(site.replacing(
                    "cistern.example.org {",
                    with: "https://localhost:\(port) {\n    tls \(files.certificate) \(files.key)"))
                """
        }
    }

    private func documented() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("Sources/HTTPService/HTTPService.docc/Security.md"), encoding: .utf8
        )
        let blocks = page.split(separator: "```")
        guard let block = blocks.first(where: { $0.hasPrefix("\(self)\n") }) else {
            throw TestSupportError("No settings of \(self).")
        }
        return String(block.dropFirst("\(self)\n".count))
    }

    func launch(port: Int, to server: Int, _ files: (certificate: String, key: String), in folder: String) throws
        -> ChildProcess
    {
        let path = "\(folder)/\(self).conf"
        try settings(port: port, to: server, files, folder).write(toFile: path, atomically: true, encoding: .utf8)
        let program = try ChildProcess.find("\(self)", package: "\(self)")
        let command =
            switch self {
            case .nginx: [program, "-p", folder, "-c", path]
            // It keeps a copy of its settings, elsewhere unless told so.
            case .caddy: ["XDG_CONFIG_HOME=\(folder)", program, "run", "--config", path, "--adapter", "caddyfile"]
            }
        let process = ChildProcess(
            executable: try ChildProcess.find("env", package: "coreutils"), arguments: command,
            output: "\(folder)/\(self).out")
        try process.launch()
        return process
    }
}

@Suite("Proxies in front", .timeLimit(.minutes(20)))
struct ProxyTests {
    private func with(
        _ proxy: Proxy, _ body: (TestCistern, TestKeyring, Certificates, _ url: String) async throws -> Void
    ) async throws {
        let certificates = try Certificates()
        defer { certificates.folder.remove() }
        let files = try certificates.issue("proxy", serial: 7)
        try await withKeys { system, keyring in
            let port = try freeLoopbackPort()
            let process = try proxy.launch(port: port, to: system.poller.port, files, in: certificates.folder.path)
            defer { process.end(with: SIGKILL) }
            let url = "https://localhost:\(port)"
            try await eventually(within: .seconds(20), "\(proxy) answers") {
                try certificates.curl([url + "/healthz"]).contains("ok")
            }
            try await body(system, keyring, certificates, url)
        }
    }

    @Test("Clients have HTTP/2 and TLS, and pushes, waits and events go through as they are", arguments: Proxy.allCases)
    fileprivate func requests(_ proxy: Proxy) async throws {
        try await with(proxy) { system, keyring, certificates, url in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let state = url + "/v1/apps/board/state"
            let bearer = ["-H", "Authorization: Bearer \(keyring.apiKey)"]
            let head = try certificates.curl(["--http2", "--include"] + bearer + [state])
            #expect(head.hasPrefix("HTTP/2 200") && head.hasSuffix(#"{"a":1}"#), "\(head)")
            #expect(try certificates.curl(["--include", state]).hasPrefix("HTTP/2 401"))
            let push = try certificates.curl(
                ["-X", "PUT", "-H", "Content-Type: application/merge-patch+json", "-d", #"{"b":2}"#] + bearer
                    + [url + "/v1/apps/board/changes/c2"])
            #expect(push.contains(#""id":"c2""#))
            try await eventually("the change is merged") {
                try certificates.curl(bearer + [state]) == #"{"a":1,"b":2}"#
            }
            let version = try #require(try await system.state(headers: keyring.everything)["ETag"])
            let start = ContinuousClock.now
            let wait = try certificates.curl(
                ["--include", "-H", "If-None-Match: \(version)", "-H", "Prefer: wait=3"] + bearer + [state])
            #expect(wait.hasPrefix("HTTP/2 304") && wait.lowercased().contains("preference-applied: wait=3"), "\(wait)")
            // A wait may end a tenth of its time early.
            #expect(ContinuousClock.now - start > .milliseconds(2_500))
            // What is held back until there is more of it would not have come by then.
            let events = try certificates.curl(
                ["--max-time", "2", "--no-buffer", "-H", "Accept: text/event-stream"] + bearer + [state])
            #expect(events.contains("event: state"))
        }
    }

    @Test("The Swift client goes every way through it", arguments: Proxy.allCases, Way.allCases)
    fileprivate func ways(_ proxy: Proxy, _ way: Way) async throws {
        try await with(proxy) { system, keyring, certificates, url in
            let authorities = try Array(Data(contentsOf: URL(filePath: certificates.authority)))
            let client = try CisternClient(
                url: url, token: keyring.token("push:board poll:board"), authorities: authorities)
            let board = try client.open("board", ways: [way])
            try await board.push(.merge(#"{"a":1}"#))
            let version = { board.status.version }
            try await eventually(within: .seconds(20), "the state comes by \(way)") {
                board.status.way == way && board.status.phase == .live
                    && board.state?.json?.description == #"{"a":1}"#
            }
            let before = version()
            #expect(try await system.outcome(#"{"b":2}"#, id: "c2", headers: keyring.everything) == "applied")
            try await eventually(within: .seconds(5), "what others push comes, too") {
                version() != before && board.state?.json?.description == #"{"a":1,"b":2}"#
            }
            await board.close()
        }
    }
}
