import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Socket: pushes", .timeLimit(.minutes(20)))
struct SocketPushTests {
    @Test(
        "A push is acknowledged with its receipt, a repeat with the same; the state follows",
        arguments: [CisternOptions.Layout.front, .split])
    func acknowledged(_ layout: CisternOptions.Layout) async throws {
        try await withCistern(CisternOptions(layout: layout)) { system in
            try await system.withSocket { socket in
                try await socket.push(#"{"a":1}"#, id: "c1")
                guard case .ack("c1", let receipt) = try await socket.word("the ack", { $0.id == "c1" }) else {
                    Issue.record("\(socket.words)")
                    return
                }
                let state = try await socket.word("the state") { $0.isState }
                #expect(state == .state(Array(#"{"a":1}"#.utf8), version: receipt, position: receipt))
                try await socket.push(#"{"a":1}"#, id: "c1")
                try await socket.push(#"[{"op":"increment","path":"/a","value":2}]"#, .cistern, id: "c2")
                try await socket.push(#"[{"op":"add","path":"/b","value":[]}]"#, .patch, id: "c3")
                try await socket.word("the third version") { Token($0.version)?.number == 3 }
                let acks = socket.words.filter { if case .ack = $0 { true } else { false } }
                #expect(acks.prefix(2) == [.ack("c1", receipt: receipt), .ack("c1", receipt: receipt)])
                #expect(acks.map(\.id) == ["c1", "c1", "c2", "c3"])
                #expect(socket.copy().violations == [])
                #expect(socket.copy().bytes == Array(#"{"a":3,"b":[]}"#.utf8))
                let outcome = try await system.get("/v1/apps/board/changes/c1")
                #expect(outcome.member("receipt")?.stringValue == receipt)
                #expect(outcome.member("status")?.stringValue == "applied")
            }
        }
    }

    @Test("What cannot be taken is refused with the reason, and the socket stays open")
    func refused() async throws {
        try await withCistern(.split) { system in
            try await system.withSocket { socket in
                try await socket.push(#"{"a":1}"#, id: "same")
                #expect(try await socket.answer(to: "same") == "ack")
                func refusal(_ text: String) async throws -> String {
                    let count = socket.words.count
                    try await socket.send(text)
                    let word = try await socket.word("a refusal of \(text.prefix(80))", from: count) {
                        if case .refused = $0 { true } else { false }
                    }
                    guard case .refused(let id, let problem) = word else { return "\(word)" }
                    let pointer = problem["pointer"]?.stringValue.map { " at \($0)" } ?? ""
                    return "\(id ?? "nobody"): \(problem.slug)\(pointer)"
                }
                let large = #"{"t":"\#(String(repeating: "x", count: 1 << 20))"}"#
                #expect(try await refusal(LiveSocket.push(#"{"a":1}"#, id: "-no")).hasPrefix("-no: invalid-id"))
                #expect(try await refusal(LiveSocket.push(large, id: "large")).hasPrefix("large: change-too-large"))
                #expect(try await refusal(LiveSocket.push(#"{"a":2}"#, id: "same")) == "same: change-id-reused")
                #expect(try await refusal(LiveSocket.push(#"{"a":1}"#, id: "cl~5")) == "cl~5: client-unknown")
                #expect(try await refusal(LiveSocket.push("[]", id: "p", ",\"type\":\"text/xml\"")).hasPrefix("p: "))
                #expect(try await refusal(LiveSocket.push("{}", .patch, id: "q")).hasPrefix("q: invalid-patch"))
                #expect(
                    try await refusal(LiveSocket.push("{}", id: "m", #","if_match":"nonsense""#)).hasPrefix("m: "))
                #expect(try await refusal("{\"push\":") == "nobody: malformed-json")
                #expect(try await refusal(#"{"push":{},"push":{}}"#) == "nobody: malformed-json")
                #expect(try await refusal("[]").hasPrefix("nobody: invalid-message"))
                #expect(try await refusal(#"{"pull":1}"#).hasPrefix("nobody: invalid-message"))
                #expect(try await refusal(#"{"push":{},"presence":1}"#).hasPrefix("nobody: invalid-message"))
                #expect(try await refusal(nestedArrays(5_000)) == "nobody: malformed-json")
                try await socket.push(#"{"b":1}"#, id: "after")
                try await socket.word("the state after all that") { Token($0.version)?.number == 2 }
                #expect(socket.copy().bytes == Array(#"{"a":1,"b":1}"#.utf8))
                #expect(socket.copy().violations == [])
                #expect(try await system.settled().position?.hasSuffix("-2") == true)
            }
        }
    }

    @Test(
        "A change that comes to nothing when its turn comes is told to who pushed it, after its ack, and to nobody else"
    )
    func rejected() async throws {
        try await withCistern(.split) { system in
            let state = try await system.pushed(#"{"a":1}"#, id: "c0")
            let version = state.version ?? ""
            try await system.withSocket { socket in
                try await system.withSocket { other in
                    try await socket.push(#"[{"op":"test","path":"/a","value":2}]"#, .patch, id: "test")
                    try await socket.push(#"[{"op":"remove","path":"/none"}]"#, .patch, id: "path")
                    try await socket.push(#"{"a":9}"#, id: "none", #","if_none_match":"*""#)
                    #expect(try await socket.rejection(of: "test") == "test-failed")
                    #expect(try await socket.rejection(of: "path") == "path-not-found")
                    #expect(try await socket.rejection(of: "none") == "precondition-failed")
                    for id in ["test", "path", "none"] { #expect(try await socket.answer(to: id) == "ack") }
                    // Of two with the same precondition the second comes too late.
                    try await socket.push(#"{"a":2}"#, id: "first", ",\"if_match\":\"\(version)\"")
                    try await socket.push(#"{"a":3}"#, id: "second", ",\"if_match\":\"\(version)\"")
                    #expect(try await socket.rejection(of: "second") == "precondition-failed")
                    try await other.word("the version that came of it") { Token($0.version)?.number == 5 }
                    #expect(other.copy().bytes == Array(#"{"a":2}"#.utf8))
                    #expect(other.words.allSatisfy { $0.id == nil })
                    // A repeat of something that is known to be rejected says so at once.
                    let count = socket.words.count
                    try await socket.push(#"[{"op":"remove","path":"/none"}]"#, .patch, id: "path")
                    try await socket.has(count + 2)
                    #expect(socket.words[count].id == "path" && socket.words[count + 1].id == "path")
                    guard case .ack = socket.words[count], case .rejected = socket.words[count + 1] else {
                        Issue.record("\(socket.words[count...])")
                        return
                    }
                    #expect(socket.copy().violations == [])
                }
            }
        }
    }

    @Test(
        "A rejection is told once it is known, though a server folded the change in before anybody noted what came of it"
    )
    func foldedBefore() async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"a":1}"#, id: "c0")
            try await system.withSocket { socket in
                try await socket.has(1)
                try await system.merger.stop()
                try await socket.push(#"[{"op":"remove","path":"/none"}]"#, .patch, id: "wrong")
                try await socket.push(#"{"a":2}"#, id: "right")
                #expect(try await socket.answer(to: "right") == "ack")
                let ahead = try await system.state("?fresh=1")
                try await socket.word("the state that is folded in here") { $0.version == ahead.version }
                // The log answers this after whatever the socket asked it.
                for _ in 1...3 { _ = try await system.state("?fresh=1") }
                #expect(socket.words.allSatisfy { if case .rejected = $0 { false } else { true } })
                try await system.merger.launch()
                #expect(try await socket.rejection(of: "wrong") == "path-not-found")
                #expect(socket.words.count { if case .rejected = $0 { true } else { false } } == 1)
            }
        }
    }

    @Test("Many changes in one go get positions in their order, each once, also sequenced ones")
    func pipelined() async throws {
        try await withCistern(.split) { system in
            let count = 600
            try await system.withSocket { socket in
                let frames = (1...count).flatMap { number in
                    LiveSocket.frame(
                        LiveSocket.push(
                            "[{\"op\":\"union\",\"path\":\"/list\",\"value\":[\(number)]}]", .cistern,
                            id: "ann~\(number)"))
                }
                try await socket.send(frames)
                try await eventually(within: .seconds(40), "all are answered") {
                    socket.words.count { $0.id != nil } >= count
                }
                let receipts = socket.words.compactMap { word -> Int? in
                    if case .ack(_, let receipt) = word { Token(receipt)?.number } else { nil }
                }
                #expect(receipts == Array(1...count))
                #expect(socket.words.compactMap(\.id) == (1...count).map { "ann~\($0)" })
                let last = try await system.settled()
                #expect(last.text == "{\"list\":[\((1...count).map(String.init).joined(separator: ","))]}")
                try await socket.word("the last version") { $0.version == last.version }
                #expect(socket.copy().bytes == last.bytes)
                #expect(socket.copy().violations == [])
            }
        }
    }

    @Test(
        "What several sockets and requests push at the same time is all there, each once",
        arguments: [CisternOptions.Layout.front, .split])
    func mixed(_ layout: CisternOptions.Layout) async throws {
        try await withCistern(CisternOptions(layout: layout)) { system in
            let each = 150
            func change(_ pusher: Int, _ number: Int) -> String {
                "[{\"op\":\"increment\",\"path\":\"/n\",\"value\":1},{\"op\":\"increment\",\"path\":\"/p\(pusher)\",\"value\":\(number)}]"
            }
            _ = try await system.pushed(#"{"n":0}"#, id: "begin")
            var copies: [ClientCopy] = []
            try await withThrowingTaskGroup(of: LiveSocket?.self) { group in
                for pusher in 0..<3 {
                    group.addTask {
                        let socket = try await system.openSocket()
                        for number in 1...each {
                            try await socket.push(change(pusher, number), .cistern, id: "s\(pusher)~\(number)")
                            // A client that is not sure sends the same again.
                            if number % 7 == 0 {
                                try await socket.push(change(pusher, number), .cistern, id: "s\(pusher)~\(number)")
                            }
                        }
                        return socket
                    }
                }
                group.addTask {
                    for number in 1...each {
                        let answer = try await system.push(change(3, number), .cistern, id: "s3~\(number)")
                        #expect(answer.status == 201)
                        // And by another way.
                        if number % 50 == 0 {
                            try await system.withSocket { socket in
                                try await socket.push(change(3, number), .cistern, id: "s3~\(number)")
                                #expect(try await socket.answer(to: "s3~\(number)") == "ack")
                            }
                        }
                    }
                    return nil
                }
                var sockets: [LiveSocket] = []
                for try await socket in group { if let socket { sockets.append(socket) } }
                for socket in sockets {
                    try await eventually(within: .seconds(40), "all are answered") {
                        socket.words.count { $0.id != nil } >= each + each / 7
                    }
                }
                let last = try await system.settled()
                for socket in sockets {
                    try await socket.word("the last version") { $0.version == last.version }
                    copies.append(socket.copy())
                    #expect(socket.copy().bytes == last.bytes)
                    #expect(socket.words.allSatisfy { if case .refused = $0 { false } else { true } })
                    socket.drop()
                }
            }
            let state = try await system.settled()
            let sum = each * (each + 1) / 2
            let parts = (0..<4).map { "\"p\($0)\":\(sum)" }.joined(separator: ",")
            #expect(state.text == "{\"n\":\(4 * each),\(parts)}")
            #expect(copies.allSatisfy { $0.violations == [] })
        }
    }

    @Test("A change that is pushed right behind the handshake and the close frame is not lost on the way")
    func atOnce() async throws {
        try await withCistern(.split) { system in
            let frames =
                LiveSocket.frame(LiveSocket.push(#"{"a":1}"#, id: "c1"))
                + LiveSocket.frame(LiveSocket.push(#"{"b":1}"#, id: "c2"))
            let lines = LiveSocket.handshake("/v1/apps/board/socket")
            let socket = try await LiveSocket.open(port: system.poller.port, lines, then: frames)
            defer { socket.drop() }
            #expect(try await socket.answer(to: "c2") == "ack")
            try await socket.send(LiveSocket.frame(LiveSocket.push(#"{"c":1}"#, id: "c3")) + LiveSocket.frame(8, []))
            try await eventually("the socket ends") { socket.received.hasEnded }
            #expect(try await system.settled().text == #"{"a":1,"b":1,"c":1}"#)
        }
    }
}
