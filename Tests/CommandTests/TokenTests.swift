import Documents
import Grants
import Testing
import Trust

@testable import cistern

@Suite("Tokens explained")
struct TokenTests {
    private func token(_ payload: String) -> String {
        [#"{"alg":"ES256","kid":"k1"}"#, payload].map { Base64URL.encode($0.utf8) }.joined(separator: ".") + ".AA"
    }

    @Test("A token is told in words, its times as dates")
    func explained() {
        let lines = TokenExplanation(token(#"{"exp":3600,"scope":"poll:*","sub":"alice"}"#), now: 0).lines
        #expect(
            lines == [
                "A JSON Web Token, signed by ES256 with the key “k1”:", "  exp  1970-01-01T01:00:00.000Z, in 3600 s",
                "  scope  \"poll:*\"", "  sub  \"alice\"",
            ])
        #expect(TokenExplanation(token("{}"), now: 0).lines.last?.contains("never taken") == true)
        #expect(
            TokenExplanation("ck_dash_x", now: 0).lines == [
                "An API key with the id “dash”; what it allows stands in the servers' file."
            ])
        #expect(TokenExplanation("x", now: 0).lines.first?.contains("malformed") == true)
        #expect(TokenExplanation(token(#"{"exp":1e300}"#), now: 0).lines.count == 2)
    }

    @Test("Scopes are told in words")
    func scopes() throws {
        #expect(
            try TokenExplanation.lines(Grant("push:board#/a poll:alice.* admin:* metrics")) == [
                "It allows:", "  push changes to “board”, only at “/a” of the state",
                "  read applications whose id begins with “alice.”",
                "  list and delete every application, and read their logs",
                "  read the metrics",
            ])
        #expect(try TokenExplanation.lines(Grant("")) == ["It allows nothing."])
    }

    @Test("A lifetime is a number and a unit")
    func lifetimes() {
        #expect(Lifetime(argument: "15m")?.seconds == 900)
        #expect(Lifetime(argument: "30d")?.seconds == 2_592_000)
        for text in ["", "m", "0s", "-1s", "1w", "9999999d", "1.5h"] {
            #expect(Lifetime(argument: text) == nil, "\(text)")
        }
    }
}
