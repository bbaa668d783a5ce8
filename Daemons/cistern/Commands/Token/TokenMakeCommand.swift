import ArgumentParser
import Documents
import Foundation
import Grants
import Trust

struct TokenMakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Make a token.",
        discussion: """
              cistern token make --private private.json --keys keys.json --subject alice --scope 'push:alice.* poll:alice.*'
            """)

    @Option(name: .customLong("private"), help: ArgumentHelp("The key to sign it with.", valueName: "file"))
    var privateFile: String

    @Option(
        help: ArgumentHelp("The servers' file, which says what tokens name as issuer and audience.", valueName: "file"))
    var keys: String

    @Option(help: "What it allows, divided by spaces.")
    var scope: String

    @Option(help: "Who it is for.")
    var subject: String?

    @Option(help: ArgumentHelp("How long it is good: 15m, 1h, 30d.", valueName: "time"))
    var lifetime = Lifetime(seconds: 3_600)

    func run() async throws {
        guard let terms = try KeyFiles.read(keys).terms else {
            throw Failure(
                .data, "The file \(keys) has no “issuer” and “audience”.", advice: "“cistern token key” adds them.")
        }
        let key: SigningKey
        do {
            key = try await SigningKey(Document(parsing: KeyFiles.bytes(privateFile)), mayBePrivate: true)
        } catch let error as KeyFileError {
            throw Failure(.data, "The file \(privateFile) has no key to sign with: \(error).")
        } catch let error as ParsingError {
            throw Failure(.data, "The file \(privateFile) is not JSON: \(error)")
        }
        var claims: [(String, Document)] = [
            ("iss", .string(terms.issuer)), ("aud", .string(terms.audience)), ("exp", .integer(lifetime.end)),
            ("iat", .integer(Int(Date().timeIntervalSince1970))),
            ("scope", .string(try KeyFiles.grant(scope).scopes.map(\.description).joined(separator: " "))),
        ]
        if let subject { claims.append(("sub", .string(subject))) }
        do { Terminal.output.print(try key.sign(.object(claims))) } catch { throw Failure(.data, "\(error)") }
    }
}
