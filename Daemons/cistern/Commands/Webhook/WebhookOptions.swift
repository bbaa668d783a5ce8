// What several commands take that are about webhooks.

import ArgumentParser
import Webhooks

/// What a webhook is told of.
struct SubscriptionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An application, or the beginning of names with * behind it; may be given again. (default: all)",
            valueName: "app"))
    var app: [String] = []

    @Option(help: ArgumentHelp("What it is told of, as state.changed; may be given again.", valueName: "type"))
    var type: [String] = []

    var applications: [String] { app.isEmpty ? ["*"] : app }
}

/// `5,60,600` or `none`.
struct RetryPauses: Equatable {
    let pauses: [Duration]

    init(_ text: String) throws {
        if text == "none" {
            pauses = []
            return
        }
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard WebhookLimits.pauses.contains(numbers.count),
            numbers.allSatisfy({ $0.map(WebhookLimits.pauseSeconds.contains) ?? false })
        else {
            throw ValidationError(
                "--retry takes up to \(WebhookLimits.pauses.upperBound) numbers of seconds with commas between, as 5,60,600, or none."
            )
        }
        pauses = numbers.compactMap { $0.map { .seconds($0) } }
    }
}

/// `name: value`.
struct HeaderOption: Equatable {
    let name: String
    let value: String

    init(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            throw ValidationError("--header takes a name and a value with a colon between, as 'X-Team: blue'.")
        }
        name = String(text[..<colon])
        value = String(text[text.index(after: colon)...].drop { $0 == " " })
    }
}

/// A secret that somebody has made.
struct OwnSecretOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A secret of your own, whsec_ and 24 to 64 bytes in base64; - takes it from standard input, so that nobody sees it. (default: a new one)",
            valueName: "secret"))
    var secret: String?

    func text() async throws -> String? {
        guard secret == "-" else { return secret }
        let bytes = try await StandardInput.whole(upTo: Self.mostBytes)
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
    }

    private static let mostBytes = 1_024
}
