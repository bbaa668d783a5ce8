import Daemon
import Grants
import HTTPService
import NIOCore
import Testing
import Trust

@Suite("The keys that a daemon trusts")
struct TrustedKeysTests {
    @Test("When keys change, whoever was let in by one that is gone is over, and whoever's stays is not")
    func replacement() async throws {
        let grant = try Grant("poll:*")
        let (kept, keptRecord) = APIKey.make(id: "kept", grant: grant, expires: nil)
        let (gone, goneRecord) = APIKey.make(id: "gone", grant: grant, expires: nil)
        var before = try KeyFile(nil)
        try before.add(apiKey: keptRecord)
        var after = before
        try before.add(apiKey: goneRecord)
        try after.add(apiKey: APIKey.make(id: "new", grant: grant, expires: nil).record)

        let keys = TrustedKeys(try await Keyring(parsing: Array(before.text.utf8)))
        let (staying, leaving) = (
            try keys.caller(bearing: Array(kept.utf8)), try keys.caller(bearing: Array(gone.utf8))
        )
        #expect(!staying.isOver(at: .now()) && !leaving.isOver(at: .now()))
        keys.replace(by: try await Keyring(parsing: Array(after.text.utf8)))
        #expect(!staying.isOver(at: .now()))
        #expect(leaving.isOver(at: .now()))
        #expect(try !keys.caller(bearing: Array(kept.utf8)).isOver(at: .now()))
        #expect(throws: Problem.self) { try keys.caller(bearing: Array(gone.utf8)) }
    }
}
