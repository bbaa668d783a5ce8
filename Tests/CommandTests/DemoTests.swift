import Documents
import Testing

@testable import cistern

@Suite("The demo's boards and their pictures")
struct DemoTests {
    private func board(_ text: String) throws -> DemoBoard { DemoBoard(try Document(parsing: Array(text.utf8))) }

    @Test("A board is what the page shows: cards in their columns and their order, pieces and strange things left out")
    func reading() throws {
        let board = try board(
            """
            {"title":"Plan","columns":{"doing":{"title":"At work"}},"cards":{
            "b":{"text":"second","column":"ideas","order":"V"},"a":{"text":"first","column":"ideas","order":"V"},
            "z":{"text":"zeroth","column":"ideas","order":"A"},"c":{"text":"lost","column":"nowhere","order":"a-b","done":true},
            "d":{"done":true},"e":"no card","f":{"text":"at work","column":"doing","order":"K"}},"export":{"status":"queued"}}
            """)
        #expect(board.title == "Plan" && board.columns.map(\.title) == ["Ideas", "At work", "Done"])
        #expect(board.columns[0].cards.map(\.text) == ["zeroth", "first", "second", "lost"])
        #expect(board.columns[0].cards.map(\.isDone) == [false, false, false, true])
        #expect(board.columns[1].cards.count == 1 && board.count == 5)
        for text in ["null", "[]", "7", #"{"cards":7,"columns":null}"#] {
            #expect(try self.board(text).count == 0)
        }
    }

    @Test("No text becomes markup, and what XML has no place for is left out")
    func escaping() throws {
        var picture = BoardPicture(title: #"<script>"&"#, columns: ["a<b"])
        picture.draw(.init(text: "x</text><script>\u{1}y", isDone: true), in: 0)
        let svg = picture.svg
        #expect(!svg.contains("<script>") && svg.contains("&lt;script&gt;&quot;&amp;") && svg.contains("a&lt;b"))
        #expect(svg.contains("&lt;/text&gt;") && svg.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
    }

    @Test("Texts are broken into lines that fit, at words where there are any, and cut where there are too many")
    func lines() {
        #expect(BoardPicture.lines("") == [""])
        #expect(BoardPicture.lines("a\nb") == ["a", "b"])
        let words = Array(repeating: "word", count: 12).joined(separator: " ")
        #expect(BoardPicture.lines(words).map(\.count) == [29, 29])
        #expect(BoardPicture.lines(String(repeating: "x", count: 80)).map(\.count) == [32, 32, 16])
        #expect(BoardPicture.lines(String(repeating: "a\n", count: 50)).count == 12)
    }

    @Test("Columns grow with their cards, and the picture holds the longest one")
    func growing() throws {
        var picture = BoardPicture(title: "", columns: ["a", "b"])
        func height() throws -> Int {
            try #require(picture.svg.firstMatch(of: /viewBox="0 0 \d+ (\d+)"/).flatMap { Int($0.1) })
        }
        let empty = try height()
        for _ in 0..<5 { picture.draw(.init(text: "one", isDone: false), in: 1) }
        #expect(try height() > empty + 5 * 40)
    }
}
