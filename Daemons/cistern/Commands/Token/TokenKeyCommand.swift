import ArgumentParser
import Documents
import Grants
import Trust

struct TokenKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make a key to sign tokens with.",
        discussion: """
            The private key stays with whoever makes tokens; the public one goes into the file of the servers.

              cistern token key 2026 --private private.json --keys keys.json

            To change keys, add a new one, make tokens with it, and take the old one out when its last token has expired.
            """)

    @Argument(help: "The key's id, which its tokens name.")
    var id: String

    @Option(
        name: .customLong("private"),
        help: ArgumentHelp("Where to write the private key; a new file.", valueName: "file"))
    var privateFile: String

    @Option(help: ArgumentHelp("The servers' file, which the public key is added to.", valueName: "file"))
    var keys: String

    func run() throws {
        guard !id.isEmpty else { throw Failure(.usage, "The id is empty.") }
        let (secret, open) = KeyMaking.es256(id: id)
        var file = try KeyFiles.read(keys)
        try KeyFiles.naming(keys) { () throws(KeyFileError) in try file.add(key: open) }
        try KeyFiles.create(privateFile, String(decoding: secret.encoded(), as: UTF8.self) + "\n")
        try KeyFiles.replace(keys, file.text)
        Terminal.error.print("The private key is in \(privateFile), the public one was added to \(keys).")
    }
}

struct TokenAPIKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-key", abstract: "Make an API key, and add its hash to the servers' file.",
        discussion: """
            The key is printed once and kept nowhere.

              cistern token api-key dash --scope 'poll:* metrics' --keys keys.json
            """)

    @Argument(help: "A name for the key: 1 to 64 of A–Z a–z 0–9 . -")
    var id: String

    @Option(help: "What it allows, divided by spaces.")
    var scope: String

    @Option(
        help: ArgumentHelp(
            "How long it is good: 90d, 12h. (default: until it is taken out of the file)", valueName: "time"))
    var lifetime: Lifetime?

    @Option(help: ArgumentHelp("The servers' file, which the hash is added to.", valueName: "file"))
    var keys: String

    func run() throws {
        guard APIKey.isID(id) else { throw Failure(.usage, "“\(id)” is no name of a key: 1 to 64 of A–Z a–z 0–9 . -") }
        let (text, record) = APIKey.make(id: id, grant: try KeyFiles.grant(scope), expires: lifetime?.end)
        var file = try KeyFiles.read(keys)
        try KeyFiles.naming(keys) { () throws(KeyFileError) in try file.add(apiKey: record) }
        try KeyFiles.replace(keys, file.text)
        Terminal.output.print(text)
    }
}
