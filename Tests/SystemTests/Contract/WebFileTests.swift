import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("The JavaScript client and the pages, as they are served", .timeLimit(.minutes(20)))
struct WebFileTests {
    /// The files as they stand in the repository.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/Pages/Web").standardizedFileURL

    private static func paths() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path(percentEncoded: false)).filter {
            try folder.appending(path: $0).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
        }
    }

    @Test("Every file of the folder is served as it stands there, with its media type and fields that keep others out")
    func everyFile() async throws {
        try await withCistern { system in
            let paths = try Self.paths()
            #expect(paths.contains("cistern.js") && paths.contains("cistern/core.js") && paths.contains("index.html"))
            for path in paths {
                let isIndex = path == "index.html" || path.hasSuffix("/index.html")
                let answer = try await system.get("/" + (isIndex ? String(path.dropLast(10)) : path))
                #expect(answer.status == 200, "\(path)")
                #expect(answer.bytes == Array(try Data(contentsOf: Self.folder.appending(path: path))), "\(path)")
                let type = [
                    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
                    "css": "text/css; charset=utf-8", "ts": "text/plain; charset=utf-8", "svg": "image/svg+xml",
                    "json": "application/json",
                ][(path as NSString).pathExtension]
                #expect(answer["Content-Type"] == type, "\(path)")
                #expect(answer["Cache-Control"] == "no-cache")
                #expect(answer["X-Content-Type-Options"] == "nosniff")
                #expect(answer["Referrer-Policy"] == "no-referrer")
                let policy = try #require(answer["Content-Security-Policy"])
                #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "\(policy)")
                #expect(!policy.contains("unsafe"))
            }
        }
    }

    @Test("Pages may connect to the change-bucket of another URL, and are told of it, in the words of a setting")
    func pagesPushURL() async throws {
        let url = "https://push.example.org:8443"
        try await withCistern(CisternOptions(pollFlags: ["--pages-push-url", url + "/cistern/"])) { system in
            let servers = try await system.get("/servers.js")
            #expect(servers.text == "export const pushURL = \"\(url)/cistern\";\n")
            for path in ["/demo/", "/servers.js"] {
                let policy = try await system.get(path)["Content-Security-Policy"]
                #expect(policy?.contains("connect-src 'self' \(url);") == true, "\(path): \(policy ?? "-")")
            }
        }
    }

    @Test("Each coding has a strong tag of its own, either of which gets a 304; HEAD is GET without the body")
    func tags() async throws {
        try await withCistern { system in
            let plain = try await system.get("/cistern.js")
            let packed = try await system.get("/cistern.js", headers: [("Accept-Encoding", "br, gzip")])
            #expect(plain["Content-Encoding"] == nil && packed["Content-Encoding"] == "gzip")
            #expect(packed.bytes.count < plain.bytes.count / 2)
            #expect(packed["Vary"] == "Accept-Encoding" && plain["Vary"] == "Accept-Encoding")
            let tags = try [#require(plain["ETag"]), #require(packed["ETag"])]
            #expect(Set(tags).count == 2 && tags.allSatisfy { $0.hasPrefix("\"") })
            for (tag, coding) in [(tags[0], "identity"), (tags[1], "gzip"), ("W/" + tags[1], "gzip")] {
                let known = try await system.get(
                    "/cistern.js", headers: [("Accept-Encoding", coding), ("If-None-Match", "\"other\", \(tag)")])
                #expect(known.status == 304 && known.bytes.isEmpty)
                #expect(known["ETag"] == tag.replacing("W/", with: ""))
                #expect(known["Cache-Control"] == "no-cache" && known["Content-Encoding"] == nil)
            }
            // The bytes of the other coding are not those the client has.
            #expect(try await system.get("/cistern.js", headers: [("If-None-Match", tags[1])]).status == 200)
            #expect(try await system.get("/cistern/core.js", headers: [("If-None-Match", tags[0])]).status == 200)
            let head = try await system.send("HEAD", "/cistern.js")
            #expect(head.status == 200 && head.bytes.isEmpty)
            #expect(head["Content-Length"] == "\(plain.bytes.count)" && head["ETag"] == tags[0])
        }
    }

    @Test("What is not there is a problem, as everywhere, and so is another method")
    func absent() async throws {
        try await withCistern(.split) { system in
            for path in [
                "/cistern/none.js", "/cistern", "/cistern/", "/cistern.js/", "/index.html", "/cistern//core.js",
                "/cistern/..%2fcistern.js", "/cistern/%2e%2e/cistern.js", "/Cistern.js",
            ] { #expect(try await system.get(path, from: system.poller).refusal == "404 not-found", "\(path)") }
            let put = try await system.send("PUT", "/cistern/core.js", to: system.poller)
            #expect(put.refusal == "405 method-not-allowed" && put["Allow"] == "GET, HEAD")
            // Who takes changes in serves no pages.
            #expect(try await system.get("/cistern.js", from: system.bucket).refusal == "404 not-found")
        }
    }

    @Test("With --pages no there are none")
    func switchedOff() async throws {
        try await withCistern(CisternOptions(pollFlags: ["--pages", "no"])) { system in
            for path in ["/", "/cistern.js", "/cistern/core.js"] {
                let answer = try await system.get(path)
                #expect(answer.refusal == "404 not-found", "\(path)")
            }
        }
    }
}
