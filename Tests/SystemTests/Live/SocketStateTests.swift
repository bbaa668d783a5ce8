import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Socket: states", .timeLimit(.minutes(20)))
struct SocketStateTests {
    @Test(
        "The state comes first, then patches that lead to the same bytes, in either form",
        arguments: [CisternOptions.Layout.front, .split], Manipulation.allCases)
    func follow(_ layout: CisternOptions.Layout, _ manipulation: Manipulation) async throws {
        try await withCistern(CisternOptions(layout: layout)) { system in
            let first = try await system.pushed(#"{"filling":"\#(mixedText(800))","p":{"q":[1]}}"#, id: "g~1")
            try await system.withSocket("?delta=\(manipulation.rawValue)") { socket in
                #expect(socket.received.head?.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == true)
                #expect(socket.received.head?.contains("Sec-WebSocket-Protocol: cistern.v1") == true)
                try await socket.has(1)
                #expect(
                    socket.words.first
                        == .state(first.bytes, version: first.version ?? "", position: first.position ?? ""))
                var changes = GeneratedChanges(seed: 5)
                for number in 2...60 {
                    let change = changes.next()
                    let answer = try await system.push(change.text, change.type, id: "g~\(number)")
                    try #require(answer.status == 201)
                    if number % 3 == 0 { _ = try await system.settled() }
                }
                let last = try await system.pushed(#"{"end":true}"#, id: "g~61")
                try await socket.word("the last version") { $0.version == last.version }
                let copy = socket.copy()
                #expect(copy.violations == [])
                #expect(copy.bytes == last.bytes)
                #expect(copy.patches > 5)
                let patches = socket.words.compactMap { word -> UInt8? in
                    if case .patch(let patch, _, _, _) = word { patch.first } else { nil }
                }
                #expect(patches.allSatisfy { ($0 == UInt8(ascii: "[")) == (manipulation == .jsonPatch) })
                #expect(socket.received.oddities == [])
            }
        }
    }

    @Test("A part is followed: only what changes it, its removal and its coming back", arguments: Manipulation.allCases)
    func part(_ manipulation: Manipulation) async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"a":{"b":{"n":0,"f":"\#(mixedText(300))"}},"c":0}"#, id: "c0")
            try await system.withSocket("?path=/a/b&delta=\(manipulation.rawValue)") { socket in
                try await socket.has(1)
                let before = socket.copy()
                #expect(before.bytes == Array(#"{"f":"\#(mixedText(300))","n":0}"#.utf8))
                for number in 1...5 { _ = try await system.pushed("{\"c\":\(number)}", id: "x\(number)") }
                let second = try await system.pushed(#"{"a":{"b":{"n":1}}}"#, id: "c1")
                try await socket.has(2)
                #expect(socket.words[1].isPatch && socket.words[1].version == second.version)
                #expect(socket.copy().bytes == Array(#"{"f":"\#(mixedText(300))","n":1}"#.utf8))
                _ = try await system.pushed(#"{"a":{"b":null}}"#, id: "c2")
                try await socket.has(3)
                #expect(socket.words[2] == .deleted)
                let back = try await system.pushed(#"{"a":{"b":[1]}}"#, id: "c3")
                try await socket.has(4)
                #expect(
                    socket.words[3]
                        == .state(Array("[1]".utf8), version: back.version ?? "", position: back.position ?? ""))
                // To the copy a removal is the end of an epoch, so it is asked without what came back.
                #expect(socket.words.prefix(3).reduce(into: ClientCopy()) { $0.take($1) }.violations == [])
                #expect(socket.words.count == 4)
            }
        }
    }

    @Test("A client that comes back is told what came since: nothing, a patch, or the state if its version is unknown")
    func have() async throws {
        try await withCistern(.split) { system in
            let first = try await system.pushed(#"{"n":0,"f":"\#(mixedText(300))"}"#, id: "c0")
            let known = first.version ?? ""
            try await system.withSocket("?have=\(known)") { same in
                // A socket that was opened later and has been told is proof that this one would have been.
                try await system.withSocket { other in try await other.has(1) }
                #expect(same.words == [])
                let second = try await system.pushed(#"{"n":1}"#, id: "c1")
                try await same.has(1)
                let patch = SocketWord.patch(
                    Array(#"{"n":1}"#.utf8), from: known, version: second.version ?? "",
                    position: second.position ?? "")
                #expect(same.words == [patch])
                try await system.withSocket("?have=%22\(known)%22") { older in
                    try await older.has(1)
                    #expect(older.words == [patch])
                }
                for unknown in ["\(Token(known)?.epoch ?? "")-0", "aaaaaaaaaaaa-1"] {
                    try await system.withSocket("?have=\(unknown)") { stranger in
                        try await stranger.has(1)
                        #expect(stranger.words.first?.isState == true)
                        #expect(stranger.copy().bytes == second.bytes)
                    }
                }
            }
        }
    }

    @Test("Of an application that nobody has pushed to nothing is said until its first change")
    func unknown() async throws {
        try await withCistern(.split) { system in
            try await system.withSocket(of: "soon") { socket in
                try await Task.sleep(for: .milliseconds(500))
                #expect(socket.words == [])
                let first = try await system.pushed(#"{"n":0}"#, id: "c0", to: "soon")
                try await socket.has(1)
                #expect(
                    socket.words == [
                        .state(Array(#"{"n":0}"#.utf8), version: first.version ?? "", position: first.position ?? "")
                    ])
            }
        }
    }

    @Test(
        "A deletion is told once, and then the state of the new epoch",
        arguments: [CisternOptions.Layout.front, .split])
    func deletion(_ layout: CisternOptions.Layout) async throws {
        try await withCistern(CisternOptions(layout: layout)) { system in
            let first = try await system.pushed(#"{"n":0}"#, id: "c0")
            try await system.withSocket { socket in
                try await socket.has(1)
                #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
                try await socket.has(2)
                #expect(socket.words[1] == .deleted)
                let second = try await system.pushed(#"{"n":1}"#, id: "c1")
                try await socket.has(3)
                #expect(socket.words[2].isState && socket.words[2].version == second.version)
                #expect(Token(first.version)?.epoch != Token(second.version)?.epoch)
                #expect(socket.copy().violations == [] && socket.copy().bytes == second.bytes)
                // A client that comes with what it had before.
                try await system.withSocket("?have=\(first.version ?? "")") { back in
                    try await back.has(1)
                    #expect(back.copy().bytes == second.bytes)
                }
            }
            // Who comes after a deletion with what it had is told of it.
            let have = try await system.state().version ?? ""
            _ = try await system.send("DELETE", "/v1/apps/board")
            try await system.withSocket("?have=\(have)") { late in
                try await late.has(1)
                #expect(late.words == [.deleted])
            }
        }
    }

    @Test("What the URL asks for and cannot be had ends the socket with the reason")
    func badQuestion() async throws {
        try await withCistern(.split) { system in
            for query in ["?delta=xml", "?path=a", "?presence=7", "?path=/a&path=/b"] {
                try await system.withSocket(query) { socket in
                    try await eventually("\(query) is closed") { socket.received.hasEnded }
                    #expect(socket.received.closeCode == 1008, "\(query) \(socket.words)")
                    guard case .refused(nil, let problem) = socket.words.first else {
                        Issue.record("\(query): \(socket.words)")
                        return
                    }
                    #expect(problem.slug == "invalid-parameter", "\(query)")
                }
            }
            let lines = LiveSocket.handshake("/v1/apps/board/socket?have=nonsense")
            let socket = try await LiveSocket.open(port: system.poller.port, lines)
            defer { socket.drop() }
            #expect(socket.received.head?.hasPrefix("HTTP/1.1 400 ") == true, "\(socket.received)")
        }
    }
}
