import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Socket: presence", .timeLimit(.minutes(20)))
struct SocketPresenceTests {
    private static let two = CisternOptions(layout: .split, pollers: 2)

    private static func ann(_ value: String) -> String { #"{"clients":{"ann":{"value":\#(value)}}}"# }
    private static let nobody = #"{"clients":{}}"#

    /// The last thing that a socket was told of who is here.
    private static func seen(_ socket: LiveSocket) -> String? {
        socket.words.lazy.compactMap { if case .presence(let text) = $0 { text } else { nil } }.last
    }

    private static func seen(_ stream: EventStream) -> String? { stream.events.last { $0.name == "presence" }?.data }

    @Test("What a client says on its socket is seen by every way on every server, until the socket closes")
    func everywhere() async throws {
        try await withCistern(Self.two) { system in
            let (one, two) = (system.pollers[0], system.pollers[1])
            _ = try await system.pushed(#"{"a":1}"#, id: "c1")
            let ann = try await system.openSocket("?client=ann", from: one)
            try await system.withSocket("?presence=1", from: one) { near in
                try await system.withSocket("?presence=1&client=bob", from: two) { far in
                    try await system.withEvents("?presence=1", from: two) { stream in
                        func allSee(_ text: String) async throws {
                            try await eventually("sockets and events tell \(text)") {
                                Self.seen(near) == text && Self.seen(far) == text && Self.seen(stream) == text
                            }
                            for server in 0...1 {
                                try await eventually("GET tells \(text)") {
                                    try await system.present(at: server).text == text
                                }
                            }
                        }
                        try await ann.send(#"{"presence":{"cursor":[1,2]}}"#)
                        try await allSee(Self.ann(#"{"cursor":[1,2]}"#))
                        try await ann.send(#"{"presence":"here","ttl":60}"#)
                        try await allSee(Self.ann(#""here""#))
                        try await ann.send(#"{"presence":null}"#)
                        try await allSee(Self.nobody)
                        try await ann.send(#"{"presence":1}"#)
                        try await allSee(Self.ann("1"))
                        // Who did not ask for it is not told.
                        #expect(Self.seen(ann) == nil)
                        ann.drop()
                        try await allSee(Self.nobody)
                        // And the states go on beside it.
                        let last = try await system.pushed(#"{"a":2}"#, id: "c2")
                        try await far.word("the state") { $0.version == last.version }
                        try await eventually("the event") { stream.events.last?.id == last.version }
                        #expect(near.copy().violations == [] && far.copy().violations == [])
                    }
                }
            }
        }
    }

    @Test("Who comes is told at once who is here, also where nobody has pushed anything")
    func atOnce() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", "1", ttl: 300, in: "empty")
            try await system.withSocket(of: "empty", "?presence=1", from: system.pollers[1]) { socket in
                try await eventually("the socket is told") { Self.seen(socket) == Self.ann("1") }
            }
            try await system.withEvents(of: "empty", "?presence=1", from: system.pollers[1]) { stream in
                try await eventually("the stream is told") { Self.seen(stream) == Self.ann("1") }
                #expect(stream.events.allSatisfy { $0.name == "presence" })
                #expect(stream.oddities == [])
            }
        }
    }

    @Test("A word that is not renewed is over after its time, though the socket is open")
    func notRenewed() async throws {
        try await withCistern(Self.two) { system in
            try await system.withSocket("?client=ann&presence=1") { socket in
                try await socket.send(#"{"presence":1,"ttl":2}"#)
                try await eventually("it is there") { Self.seen(socket) == Self.ann("1") }
                try await eventually(within: .seconds(6), "it is gone") { Self.seen(socket) == Self.nobody }
                #expect(try await system.present(at: 1).text == Self.nobody)
                // It is taken again afterwards.
                try await socket.send(#"{"presence":2}"#)
                try await eventually("it is back") { Self.seen(socket) == Self.ann("2") }
            }
            try await eventually("it left with the socket") {
                try await system.present(at: 1).text == Self.nobody
            }
        }
    }

    @Test("Presence without a name, or that is not as it should be, is refused; the socket stays open")
    func refused() async throws {
        try await withCistern(.split) { system in
            var wrong = [
                ("", #"{"presence":1}"#, "invalid-message"), ("?client=", #"{"presence":1}"#, "invalid-id"),
                ("?client=-x", #"{"presence":1}"#, "invalid-id"),
            ]
            wrong += [
                #"{"presence":1,"ttl":0}"#, #"{"presence":1,"ttl":301}"#, #"{"presence":1,"ttl":"2"}"#,
                #"{"presence":1,"more":2}"#, #"{"presence":"\#(String(repeating: "x", count: 4_100))"}"#,
            ].map { ("?client=ann", $0, "invalid-message") }
            for (query, message, slug) in wrong {
                try await system.withSocket(query) { socket in
                    try await socket.send(message)
                    let word = try await socket.word("a refusal") { if case .refused = $0 { true } else { false } }
                    try await socket.push(#"{"a":1}"#, id: "c1")
                    let answer = try await socket.answer(to: "c1")
                    #expect(answer == "ack")
                    guard case .refused(nil, let problem) = word else {
                        Issue.record("\(word)")
                        return
                    }
                    #expect(problem.slug == slug, "\(query) \(message.prefix(40))")
                }
            }
            #expect(try await system.present().text == Self.nobody)
        }
    }

    @Test("Clients of a server that stops are gone on the others, too")
    func stopped() async throws {
        try await withCistern(Self.two) { system in
            let ann = try await system.openSocket("?client=ann")
            defer { ann.drop() }
            try await ann.send(#"{"presence":1,"ttl":300}"#)
            for server in 0...1 {
                try await eventually("it is there") { try await system.present(at: server).text == Self.ann("1") }
            }
            try await system.pollers[0].stop()
            #expect(ann.received.closeCode == 1001)
            try await eventually("it is gone") { try await system.present(at: 1).text == Self.nobody }
        }
    }

    @Test("A client that comes back by another socket before the first one ends is still here")
    func cameBack() async throws {
        try await withCistern(Self.two) { system in
            let old = try await system.openSocket("?client=ann")
            try await old.send(#"{"presence":"old"}"#)
            try await eventually("it is there") { try await system.present().text == Self.ann(#""old""#) }
            try await system.withSocket("?client=ann&presence=1") { new in
                try await new.send(#"{"presence":"new"}"#)
                try await eventually("the new word counts") { Self.seen(new) == Self.ann(#""new""#) }
                try await old.close()
                try await system.withSocket("?client=bob") { bob in
                    try await bob.send(#"{"presence":1}"#)
                    try await eventually("what was said later is seen") { Self.seen(new)?.contains("bob") == true }
                }
                #expect(Self.seen(new)?.contains(#""ann":{"value":"new"}"#) == true, "\(Self.seen(new) ?? "nothing")")
            }
        }
    }
}
