import Documents
import Foundation
import Grants
package import TestSupport
import Trust

/// A file of keys for one test, and the tokens that go with it.
package final class TestKeyring: Sendable {
    package let folder: PrivateFolder
    private let key: SigningKey
    private let open: Document
    package let apiKey: String
    package var path: String { folder.path + "/keys.json" }

    /// - Parameter apiScopes: What the file's one API key allows.
    package init(apiScopes: String = "push:* poll:* operate:* admin:*") async throws {
        folder = try PrivateFolder("keys")
        let secret: Document
        (secret, open) = KeyMaking.es256(id: "one")
        key = try await SigningKey(secret, mayBePrivate: true)
        let (text, record) = APIKey.make(id: "tester", grant: try Grant(apiScopes), expires: nil)
        apiKey = text
        var file = try KeyFile(nil)
        try file.add(key: open)
        try file.add(apiKey: record)
        try write(file.text)
    }

    /// Gives the servers another file.
    package func write(_ text: String) throws {
        try text.write(toFile: path + ".new", atomically: false, encoding: .utf8)
        guard unsafe rename(path + ".new", path) == 0 else { throw TestSupportError("No file of keys.") }
    }

    /// Takes the API key away, and adds a key that nobody has.
    package func dropAPIKey() throws {
        var file = try KeyFile(nil)
        try file.add(key: KeyMaking.es256(id: "two").open)
        try file.add(key: open)
        try write(file.text)
    }

    /// - Parameter lifetime: seconds.
    package func token(_ scope: String, lifetime: Int = 3_600, issuer: String = "cistern") throws -> String {
        try key.sign(
            .object([
                ("iss", .string(issuer)), ("aud", .string("cistern")), ("sub", .string("somebody")),
                ("exp", .integer(Int(Date().timeIntervalSince1970) + lifetime)), ("scope", .string(scope)),
            ]))
    }

    package func bearer(_ scope: String, lifetime: Int = 3_600) throws -> [(String, String)] {
        [("Authorization", "Bearer \(try token(scope, lifetime: lifetime))")]
    }

    package var everything: [(String, String)] { [("Authorization", "Bearer \(apiKey)")] }
}

/// Runs the body with a Cistern that asks for tokens.
///
/// - Parameters:
///   - flags: Of all daemons.
///   - frontFlags: Of the one that is pushed to and polled.
package func withKeys<Value>(
    lanes: String = "yes", flags: [String] = [], frontFlags: [String] = [],
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestCistern, TestKeyring) async throws -> Value
) async throws -> Value {
    let keyring = try await TestKeyring()
    defer { keyring.folder.remove() }
    var options = CisternOptions.front
    options.flags = ["--keys", keyring.path, "--express-lanes", lanes] + flags
    options.pollFlags = frontFlags
    return try await withCistern(options) { try await body($0, keyring) }
}

extension TestCistern {
    /// Pushes with everything allowed, and waits for the outcome.
    package func prepare(
        _ change: String, id: String = "c0", in app: String = "board", with keyring: TestKeyring
    ) async throws {
        let outcome = try await outcome(change, id: id, to: app, headers: keyring.everything)
        guard outcome == "applied" else { throw TestSupportError("The change was not applied: \(outcome)") }
    }
}
