import Documents
import Foundation
import Grants
import SystemSupport
import TestSupport
import Trust

/// A file of keys for one test, and the tokens that go with it.
final class TestKeyring: Sendable {
    let folder: PrivateFolder
    private let key: SigningKey
    let apiKey: String
    var path: String { folder.path + "/keys.json" }

    /// - Parameter apiScopes: What the file's one API key allows.
    init(apiScopes: String = "push:* poll:* operate:* admin:*") async throws {
        folder = try PrivateFolder("keys")
        let (secret, open) = KeyMaking.es256(id: "one")
        key = try await SigningKey(secret, mayBePrivate: true)
        let (text, record) = APIKey.make(id: "tester", grant: try Grant(apiScopes), expires: nil)
        apiKey = text
        var file = try KeyFile(nil)
        try file.add(key: open)
        try file.add(apiKey: record)
        try write(file.text)
    }

    /// Gives the servers another file.
    func write(_ text: String) throws {
        try text.write(toFile: path + ".new", atomically: false, encoding: .utf8)
        guard unsafe rename(path + ".new", path) == 0 else { throw TestSupportError("No file of keys.") }
    }

    /// - Parameter lifetime: seconds.
    func token(_ scope: String, lifetime: Int = 3_600, issuer: String = "cistern") throws -> String {
        try key.sign(
            .object([
                ("iss", .string(issuer)), ("aud", .string("cistern")), ("sub", .string("somebody")),
                ("exp", .integer(Int(Date().timeIntervalSince1970) + lifetime)), ("scope", .string(scope)),
            ]))
    }

    func bearer(_ scope: String, lifetime: Int = 3_600) throws -> [(String, String)] {
        [("Authorization", "Bearer \(try token(scope, lifetime: lifetime))")]
    }

    var everything: [(String, String)] { [("Authorization", "Bearer \(apiKey)")] }
}

/// Runs the body with a Cistern that asks for tokens.
func withKeys<Value>(
    lanes: String = "yes", flags: [String] = [], isolation: isolated (any Actor)? = #isolation,
    _ body: (TestCistern, TestKeyring) async throws -> Value
) async throws -> Value {
    let keyring = try await TestKeyring()
    defer { keyring.folder.remove() }
    var options = CisternOptions.front
    options.flags = ["--keys", keyring.path, "--express-lanes", lanes] + flags
    return try await withCistern(options) { try await body($0, keyring) }
}

extension TestCistern {
    /// Pushes with everything allowed, and waits for the outcome.
    func prepare(_ change: String, id: String = "c0", in app: String = "board", with keyring: TestKeyring) async throws
    {
        let outcome = try await outcome(change, id: id, to: app, headers: keyring.everything)
        guard outcome == "applied" else { throw TestSupportError("The change was not applied: \(outcome)") }
    }

    /// The status of the answer to these bytes, read from its first line only: the answer may have no end.
    func status(of request: String) throws -> Int {
        let connection = try WireConnection(port: poller.port)
        connection.send(Array(request.utf8)[...])
        connection.read(until: .now + .seconds(20)) { $0.contains(10) }
        let line = String(decoding: connection.received.prefix { $0 != 13 }, as: UTF8.self)
        return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}
