import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: parts of a state", .timeLimit(.minutes(20)))
struct PartTests {
    @Test(
        "A pointer names a part, with its escapes and those of URLs; the tag is the state's version",
        arguments: Ways.polls)
    func parts(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let change =
                #"{"a":{"b":[10,{"c":"ü"}],"":0},"x/y":1,"m~n":2,"é":3,"e\u0301":4,"a b":5,"a+b":6,"q\"\u0000":7,"0":8,"~1":9}"#
            let state = try await system.pushed(change, id: "c1")
            let cases: [(String, String)] = [
                ("/a", #"{"":0,"b":[10,{"c":"ü"}]}"#), ("/a/b", #"[10,{"c":"ü"}]"#), ("/a/b/0", "10"),
                ("/a/b/1/c", #""ü""#),
                ("/a/", "0"), ("/x~1y", "1"), ("/m~0n", "2"), ("/%C3%A9", "3"), ("/e%CC%81", "4"), ("/a%20b", "5"),
                ("/a+b", "6"),
                ("/a%2Bb", "6"), ("/q%22%00", "7"), ("/0", "8"), ("/~01", "9"), ("%2Fa%2Fb%2F0", "10"),
                ("/x%7E1y", "1"),
                ("", state.text),
            ]
            for (path, expected) in cases {
                let answer = try await system.state("?path=\(path)")
                #expect(answer.status == 200, "\(path): \(answer.text)")
                #expect(answer.text == expected, "\(path)")
                #expect(answer["ETag"] == state["ETag"])
                #expect(answer.position == state.position)
                #expect(answer["Content-Type"] == "application/json")
            }
        }
    }

    @Test("What is not there is 404 with the position, what is no pointer 400", arguments: Ways.polls)
    func refusals(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"a":{"b":[10,11]},"n":1}"#, id: "c1")
            for path in [
                "/b", "/a/b/2", "/a/b/-", "/a/b/01", "/a/b/-1", "/a/b/x", "/n/0", "/", "/a/", "/A", "//",
                "/a/b/99999999999999999999",
            ] {
                let answer = try await system.state("?path=\(path)")
                #expect(answer.refusal == "404 no-such-path", "\(path)")
                #expect(answer.member("position")?.stringValue == state.position)
                #expect(answer["ETag"] == nil)
            }
            for path in ["a", "a/b", "/~", "/~2", "/a~", "/%zz", "/%ff", "/a&path=/a", "/\(mixedText(1_024))", "%20/a"]
            {
                let answer = try await system.poller.raw("GET /v1/apps/board/state?path=\(path) HTTP/1.1")
                #expect(
                    answer.hasPrefix("HTTP/1.1 400") && answer.contains("/problems/invalid-parameter"),
                    "\(path): \(answer)")
            }
            #expect(try await system.state(of: "nobody", "?path=/a").refusal == "404 unknown-app")
            let head = try await system.send("HEAD", "/v1/apps/board/state?path=/a/b")
            #expect(head.status == 200 && head["Content-Length"] == "7")
        }
    }

    @Test(
        "A part that has not changed is 304 though the version has; one that has comes whole or as a delta",
        arguments: Ways.polls)
    func conditional(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let text = mixedText(300)
            let first = try await system.pushed(#"{"p":{"a":1,"t":"\#(text)"},"o":1}"#, id: "c1")
            let second = try await system.pushed(#"{"o":2}"#, id: "c2")
            let same = try await system.state("?path=/p", headers: first.next())
            #expect(same.status == 304)
            #expect(same["ETag"] == second["ETag"])
            #expect(same.bytes.isEmpty)
            #expect(try await system.state("?path=/p", headers: first.next(.mergePatch)).status == 304)
            #expect(try await system.state("?path=/o", headers: first.next()).text == "2")

            let third = try await system.pushed(#"{"p":{"a":2}}"#, id: "c3")
            for base in [first, second] {
                for manipulation in Manipulation.allCases {
                    let delta = try await system.state("?path=/p", headers: base.next(manipulation))
                    #expect(delta.status == 226, "\(delta.text)")
                    #expect(delta["Delta-Base"] == base["ETag"])
                    #expect(delta["ETag"] == third["ETag"])
                    var copy = ClientCopy()
                    copy.takeState(base.version, Array(#"{"a":1,"t":"\#(text)"}"#.utf8))
                    copy.take(delta)
                    #expect(copy.violations == [])
                    #expect(copy.bytes == Array(#"{"a":2,"t":"\#(text)"}"#.utf8))
                }
                #expect(try await system.state("?path=/p", headers: base.next()).status == 200)
            }
            // A part that came and one that went.
            _ = try await system.pushed(#"{"p":null,"q":[1]}"#, id: "c4")
            #expect(try await system.state("?path=/p", headers: third.next(.mergePatch)).refusal == "404 no-such-path")
            let new = try await system.state("?path=/q", headers: third.next(.jsonPatch))
            #expect(new.status == 200 && new.text == "[1]")
        }
    }

    @Test(
        "A long poll about a part sleeps through all other changes, and its delta is from what the client has",
        arguments: Ways.polls)
    func longPoll(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let text = mixedText(300)
            let first = try await system.pushed(#"{"p":{"a":1,"t":"\#(text)"},"o":0}"#, id: "c1")
            let looker = Task { try await system.state("?path=/p", headers: first.next(.mergePatch, wait: 30)) }
            let plain = Task { try await system.state("?path=/p", headers: first.next(wait: 30)) }
            // More versions than deltas start from: the client's own is not known any more when its part changes.
            for number in 1...80 { _ = try await system.pushed("{\"o\":\(number)}", id: "o\(number)") }
            let last = try await system.pushed(#"{"p":{"a":2}}"#, id: "c2")
            let delta = try await looker.value
            #expect(delta.status == 226, "\(delta.text)")
            #expect(delta["Delta-Base"] == first["ETag"])
            #expect(delta["ETag"] == last["ETag"])
            #expect(delta.text == #"{"a":2}"#)
            let full = try await plain.value
            #expect(full.status == 200)
            #expect(full.text == #"{"a":2,"t":"\#(text)"}"#)

            // Nothing happens to the part: 304 in time, with the state's version.
            let idle = Task { try await system.state("?path=/p", headers: last.next(wait: 2)) }
            let other = try await system.pushed(#"{"o":"end"}"#, id: "c3")
            let unchanged = try await idle.value
            #expect(unchanged.status == 304)
            #expect([last["ETag"], other["ETag"]].contains(unchanged["ETag"]))
            #expect(try await system.state("?path=/p", headers: unchanged.next()).status == 304)
            // Removed: somebody who waits is told.
            let removal = Task { try await system.state("?path=/p", headers: other.next(wait: 30)) }
            try await Task.sleep(for: .milliseconds(100))
            _ = try await system.pushed(#"{"p":null}"#, id: "c4")
            #expect(try await removal.value.refusal == "404 no-such-path")
        }
    }
}
