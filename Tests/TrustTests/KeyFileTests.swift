import Documents
import Grants
import Testing
import Trust

@Suite("Files of keys")
struct KeyFileTests {
    @Test("What is added to a file is there for a server, and what was there before stays")
    func adding() async throws {
        var file = try KeyFile(nil)
        let (key, record) = APIKey.make(id: "dash", grant: try Grant("poll:*"), expires: nil)
        try file.add(apiKey: record)
        #expect(file.terms == nil)
        let keys = try await TestKeys()
        try file.add(key: keys.open)
        #expect(file.terms == TokenTerms(issuer: "cistern", audience: "cistern"))
        file = try KeyFile(Array(file.text.utf8))
        let keyring = try await Keyring(parsing: Array(file.text.utf8))
        #expect(try keyring.verify(Array(key.utf8), now: 0).name == "dash")
        let token = try keys.token(["iss": .string("cistern")])
        #expect(try keyring.verify(token, now: 0).name == "alice")
        #expect(throws: KeyFileError.self) { try file.add(apiKey: record) }
        #expect(throws: KeyFileError.self) { try file.add(key: keys.open) }
        #expect(throws: KeyFileError.self) { try KeyFile(Array("[]".utf8)) }
    }

    @Test("Issuer and audience of a file are left as they are")
    func terms() async throws {
        let keys = try await TestKeys("two")
        var file = try KeyFile(Array(#"{"issuer":"https://login.example","audience":"board","keys":[]}"#.utf8))
        try file.add(key: keys.open)
        #expect(file.terms == TokenTerms(issuer: "https://login.example", audience: "board"))
    }
}
