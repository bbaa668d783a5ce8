import ArgumentParser

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make keys and tokens, and explain tokens.",
        discussion: """
            A server that is started with --keys lets in whoever has a token that is signed by one of the keys, or an API key.

              cistern token api-key dash --scope 'poll:* metrics' --keys keys.json
              cistern token key 2026 --private private.json --keys keys.json
              cistern token make --private private.json --keys keys.json --scope 'push:alice.* poll:alice.*' --lifetime 1h
              cistern token explain --keys keys.json eyJhbGci…

            Scopes are push, poll, operate and admin, each for an application, those that begin alike (alice.*) or all (*);
            push and poll also for a part of the state (poll:board#/players/alice); and metrics.
            """,
        subcommands: [
            TokenKeyCommand.self, TokenAPIKeyCommand.self, TokenMakeCommand.self, TokenExplainCommand.self,
        ])
}
