import Documents
import Fold
import Grants
import Testing

@Suite("Scopes and grants")
struct GrantTests {
    private func app(_ text: String) throws -> ApplicationID { try ApplicationID(text) }

    @Test(
        "A scope is written in one way, which it is read from",
        arguments: [
            "push:board", "poll:alice.*", "poll:*", "operate:*", "admin:*", "metrics", "push:board#/players/alice",
            "poll:alice.*#/a~1b/m~0n", "poll:a#/%20%22%25%5C%C3%A9",
        ])
    func written(text: String) throws { #expect(try Scope(text).description == text) }

    @Test(
        "What is no scope is refused",
        arguments: [
            "", "push", "push:", "read:board", "push:board:x/", "push:-board", "push:*board", "push:a*b", "push:a b",
            "push:**", "metrics:*", "metrics:", "admin:*#/a", "operate:a#/a", "poll:a#a", "poll:a#/~2", "poll:a#/%4",
            "poll:a#/%FF", "Push:board", "push:é",
        ])
    func refused(text: String) { #expect(throws: ScopeError.self) { try Scope(text) } }

    @Test("A pattern is about one application, those that begin alike, or all")
    func patterns() throws {
        for (pattern, name, matches) in [
            ("board", "board", true), ("board", "board2", false), ("board", "Board", false),
            ("alice.*", "alice.", true),
            ("alice.*", "alice.todo", true), ("alice.*", "alice", false), ("alice.*", "malice.x", false),
            ("alice.*", "alicex", false), ("*", "anything", true), ("a*", "a", true),
        ] {
            #expect(try ApplicationPattern(pattern).matches(app(name)) == matches, "\(pattern) and \(name)")
        }
        for (pattern, beginning, covers) in [
            ("*", "", true), ("*", "a", true), ("alice.*", "alice.", true), ("alice.*", "alice.b", true),
            ("alice.*", "alice", false), ("alice.*", "", false), ("board", "board", false),
        ] {
            #expect(
                try ApplicationPattern(pattern).covers(beginning: beginning) == covers, "\(pattern) and \(beginning)*")
        }
    }

    @Test("A grant allows what one of its scopes does, and nothing else")
    func grants() throws {
        let grant = try Grant("push:alice.* poll:alice.* poll:board#/a admin:bob.*")
        #expect(grant.allows(.push, on: try app("alice.x")))
        #expect(!grant.allows(.push, on: try app("board")))
        #expect(grant.allows(.poll, on: try app("board")))
        #expect(!grant.allows(.admin, on: try app("alice.x")))
        #expect(grant.allows(.admin, onAllBeginning: "bob.x"))
        #expect(!grant.allows(.admin, onAllBeginning: "bob"))
        #expect(!grant.allowsMetrics)
        for text in ["metrics", "admin:*"] { #expect(try Grant(text).allowsMetrics) }
        #expect(try !Grant("admin:a*").allowsMetrics)
        #expect(try !Grant("").allows(.poll, on: app("board")))
        let many = Array(repeating: "poll:a", count: Grant.maximumScopes + 1).joined(separator: " ")
        #expect(throws: ScopeError.self) { try Grant(many) }
    }

    @Test("A poll is of the part that the token has, of one of several that it names, or of nothing")
    func parts() throws {
        func part(_ scopes: String, _ asked: String) throws -> Grant.Reach.Part {
            try Grant(scopes).reach(.poll, in: app("board")).part(JSONPointer(parsing: asked))
        }
        let (a, ab, c) = (JSONPointer(["a"]), JSONPointer(["a", "b"]), JSONPointer(["c"]))
        #expect(try part("poll:board", "") == .granted(.root))
        #expect(try part("poll:board", "/x") == .granted(JSONPointer(["x"])))
        #expect(try part("poll:board#/a", "") == .granted(a))
        #expect(try part("poll:board#/a", "/a/b") == .granted(ab))
        #expect(try part("poll:board#/a", "/ab") == .refused)
        #expect(try part("poll:board#/a/b", "/a") == .refused)
        #expect(try part("poll:board#/a poll:board#/c", "") == .ambiguous([a, c]))
        #expect(try part("poll:board#/a poll:board#/c", "/c") == .granted(c))
        #expect(try part("poll:board#/a poll:*#/a/b", "") == .granted(a))
        #expect(try part("poll:board#/a poll:b*", "/x") == .granted(JSONPointer(["x"])))
        #expect(try part("poll:other", "") == .refused)
        #expect(try part("push:board", "") == .refused)
    }
}
