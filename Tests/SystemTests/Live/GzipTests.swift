import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: compressed states", .timeLimit(.minutes(20)))
struct GzipTests {
    private static let gzip = [("Accept-Encoding", "gzip")]

    /// Decoded by a program that has nothing to do with ours.
    private static func decoded(_ bytes: [UInt8]) async throws -> [UInt8] {
        let folder = try PrivateFolder("gzip")
        defer { folder.remove() }
        let packed = folder.path + "/state.gz"
        let plain = folder.path + "/state"
        try Data(bytes).write(to: URL(filePath: packed))
        let process = ChildProcess(
            executable: try ChildProcess.find("gzip", package: "gzip"), arguments: ["-dc", packed], output: plain)
        try process.launch()
        try await eventually("gzip has ended") { !process.isRunning }
        return Array(try Data(contentsOf: URL(filePath: plain)))
    }

    @Test(
        "From a kibibyte on a state comes compressed for whoever takes that, under the weak form of its tag",
        arguments: Ways.gzip)
    func compressed(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            // {"t":"…"} has eight bytes around the text.
            for (app, size) in [("below", 1_023), ("at", 1_024), ("above", 5_000), ("large", 300_000)] {
                let plain = try await system.pushed(#"{"t":"\#(mixedText(size - 8))"}"#, id: "c1", to: app)
                try #require(plain.bytes.count == size)
                #expect(plain["Content-Encoding"] == nil)
                for _ in 1...2 {
                    let answer = try await system.state(of: app, headers: Self.gzip)
                    #expect(answer.status == 200)
                    #expect(answer["Vary"]?.contains("Accept-Encoding") == true)
                    if size < 1_024 {
                        #expect(answer["Content-Encoding"] == nil)
                        #expect(answer["ETag"] == plain["ETag"])
                        #expect(answer.bytes == plain.bytes)
                    } else {
                        #expect(answer["Content-Encoding"] == "gzip")
                        #expect(answer["ETag"] == "W/\(plain["ETag"] ?? "")")
                        #expect(answer["Content-Length"] == "\(answer.bytes.count)")
                        #expect(answer["Content-Type"] == "application/json")
                        #expect(answer.position == plain.position)
                        #expect(answer.bytes.count < size)
                        #expect(try await Self.decoded(answer.bytes) == plain.bytes)
                    }
                }
                let get = try await system.state(of: app, headers: Self.gzip)
                let head = try await system.send("HEAD", "/v1/apps/\(app)/state", headers: Self.gzip)
                #expect(head.bytes.isEmpty)
                for name in ["Content-Length", "Content-Encoding", "ETag"] {
                    #expect(head[name] == get[name], "\(name)")
                }
            }
        }
    }

    @Test("Accept-Encoding is read with its weights", arguments: Ways.gzip)
    func weights(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let plain = try await system.pushed(#"{"t":"\#(mixedText(2_000))"}"#, id: "c1")
            let cases: [(String, Bool)] = [
                ("gzip", true), ("GZIP", true), ("gzip, deflate, br, zstd", true), ("br;q=1.0, gzip;q=0.2", true),
                ("*", true),
                ("gzip;q=0", false), ("gzip;q=0.000, *", false), ("*;q=0", false), ("identity", false),
                ("deflate", false),
                ("", false), ("xgzip", false), ("gzip;q=0.001", true),
            ]
            for (value, isCoded) in cases {
                let answer = try await system.state(headers: [("Accept-Encoding", value)])
                #expect(answer.status == 200)
                #expect((answer["Content-Encoding"] == "gzip") == isCoded, "\(value)")
                #expect((answer.bytes == plain.bytes) == !isCoded, "\(value)")
            }
        }
    }

    @Test("Who has the version in either form gets 304; deltas are not compressed", arguments: Ways.gzip)
    func known(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let plain = try await system.pushed(#"{"a":1,"t":"\#(mixedText(4_000))"}"#, id: "c1")
            let coded = try await system.state(headers: Self.gzip)
            for tag in [plain["ETag"] ?? "", coded["ETag"] ?? ""] {
                for encoding in [[], Self.gzip] {
                    let answer = try await system.state(headers: encoding + [("If-None-Match", tag)])
                    #expect(answer.status == 304)
                    #expect(answer.bytes.isEmpty)
                    #expect(answer["ETag"] == (encoding.isEmpty ? plain["ETag"] : coded["ETag"]))
                    #expect(answer["Content-Encoding"] == nil)
                }
            }
            let second = try await system.pushed(#"{"a":"\#(mixedText(2_000, seed: 2))"}"#, id: "c2")
            for tag in [plain["ETag"] ?? "", coded["ETag"] ?? ""] {
                let delta = try await system.state(
                    headers: Self.gzip + [("If-None-Match", tag), ("A-IM", "merge-patch")])
                #expect(delta.status == 226)
                #expect(delta["Content-Encoding"] == nil)
                #expect(delta["ETag"] == second["ETag"])
                #expect(delta["Delta-Base"] == plain["ETag"])
                #expect(delta.json["a"]?.stringValue == mixedText(2_000, seed: 2))
            }
            // Where no delta can be made the state comes, and that is compressed.
            let full = try await system.state(
                headers: Self.gzip + [("If-None-Match", "\"otherepoch00-1\""), ("A-IM", "merge-patch")])
            #expect(full.status == 200 && full["Content-Encoding"] == "gzip")
            #expect(try await Self.decoded(full.bytes) == second.bytes)
        }
    }

    @Test("A part and what a long poll brings are compressed as well", arguments: Ways.gzip)
    func elsewhere(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"small":{"a":1},"large":{"t":"\#(mixedText(3_000))"}}"#, id: "c1")
            let part = try await system.state("?path=/large", headers: Self.gzip)
            #expect(part["Content-Encoding"] == "gzip")
            #expect(part["ETag"] == "W/\(first["ETag"] ?? "")")
            #expect(try await Self.decoded(part.bytes) == Array(#"{"t":"\#(mixedText(3_000))"}"#.utf8))
            let small = try await system.state("?path=/small", headers: Self.gzip)
            #expect(small["Content-Encoding"] == nil && small.text == #"{"a":1}"#)

            async let waiting = system.state(headers: Self.gzip + first.next(wait: 30))
            let second = try await system.pushed(#"{"small":2}"#, id: "c2")
            let answer = try await waiting
            #expect(answer.status == 200 && answer["Content-Encoding"] == "gzip")
            #expect(try await Self.decoded(answer.bytes) == second.bytes)
        }
    }
}
