import Fold
import NIOCore
import Testing

@testable import StatePoll

@Suite("What a follower is told")
struct StreamCursorTests {
    private func text(_ word: StreamCursor.Word?) -> String? {
        word.map { String(buffer: EventFrame($0).content) }
    }

    private func update(_ change: Update.Change, to position: UInt64) throws -> Update {
        Update(to: try served(#"{"n":\#(position)}"#, position: position), change: change)
    }

    private func full(_ position: UInt64) throws -> Update {
        let state = try served(#"{"n":\#(position)}"#, position: position)
        return Update(to: state, change: .full(state.content))
    }

    @Test("A state first, then patches from what was told, each with its version as id")
    func order() throws {
        var cursor = StreamCursor(View(delta: .mergePatch), after: nil)
        #expect(cursor.step.have == nil)
        #expect(text(cursor.next(try full(3))) == "id: e1-3\nposition: e1-3\nevent: state\ndata: {\"n\":3}\n\n")
        #expect(cursor.step.have == (try version(3)))
        let word = cursor.next(try update(.patch(ByteBuffer(string: #"{"n":5}"#)), to: 5))
        #expect(text(word) == "id: e1-5\nposition: e1-5\nevent: patch\ndata: {\"n\":5}\n\n")
        guard case .patch(let from, let to, _, _) = word else {
            Issue.record("No patch")
            return
        }
        #expect(from == (try version(3)))
        #expect(to == (try version(5)))
        #expect(text(cursor.next(try update(.nothing, to: 5))) == nil)
    }

    @Test(
        "A version that changes nothing of the part moves the base of the next question, not the one that the client knows"
    )
    func unchangedPart() throws {
        var cursor = StreamCursor(View(path: try StatePath("/n"), delta: .mergePatch), after: nil)
        _ = cursor.next(try full(3))
        #expect(cursor.next(try update(.nothing, to: 7)) == nil)
        #expect(cursor.step.have == (try version(7)))
        guard case .patch(let from, _, _, _) = cursor.next(try update(.patch(ByteBuffer(string: "8")), to: 8)) else {
            Issue.record("No patch")
            return
        }
        #expect(from == (try version(3)))
    }

    @Test("An event says how far the log is folded in, which is further than the version after a rejected change")
    func position() throws {
        var cursor = StreamCursor(View(delta: .mergePatch), after: nil)
        let state = try served("[]", position: 7, version: 5)
        let word = cursor.next(Update(to: state, change: .full(state.content)))
        #expect(text(word) == "id: e1-5\nposition: e1-7\nevent: state\ndata: []\n\n")
    }

    @Test("Deletion is told once, to those who had something, and a state follows when there is one again")
    func deletion() throws {
        var cursor = StreamCursor(View(delta: .mergePatch), after: nil)
        #expect(cursor.gone() == nil)
        _ = cursor.next(try full(3))
        #expect(text(cursor.gone()) == "id\nevent: deleted\ndata: {}\n\n")
        #expect(cursor.gone() == nil)
        #expect(cursor.step.have == nil)
        #expect(text(cursor.next(try full(1)))?.contains("event: state") == true)
        #expect(text(cursor.next(try update(.missing, to: 2)))?.contains("event: deleted") == true)
        #expect(cursor.next(try update(.missing, to: 4)) == nil)
    }

    @Test("Who comes back with a version is told only what came since")
    func resumption() throws {
        var cursor = StreamCursor(View(delta: .jsonPatch), after: try version(3))
        #expect(cursor.step.have == (try version(3)))
        #expect(cursor.next(try update(.nothing, to: 3)) == nil)
        guard case .patch(let from, _, _, _) = cursor.next(try update(.patch(ByteBuffer(string: "[]")), to: 9)) else {
            Issue.record("No patch")
            return
        }
        #expect(from == (try version(3)))
    }
}
