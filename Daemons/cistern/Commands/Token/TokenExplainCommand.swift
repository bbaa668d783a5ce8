import ArgumentParser
import Documents
import Foundation
import Grants
import Trust

struct TokenExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what is in a token, and whether a server would take it.",
        discussion: """
              cistern token explain --keys keys.json eyJhbGci…

            Nothing is sent anywhere. Without --keys the signature is not checked.
            Exit status: 0 it would be taken, 1 it would be refused.
            """)

    @Argument(help: "The token. (default: CISTERN_TOKEN)")
    var token: String?

    @Option(help: ArgumentHelp("The servers' file of keys.", valueName: "file"))
    var keys: String?

    func run() async throws {
        let text = token ?? Terminal.environment("CISTERN_TOKEN")
        guard !text.isEmpty else { throw Failure(.usage, "There is no token, neither here nor in CISTERN_TOKEN.") }
        let now = Date().timeIntervalSince1970
        for line in TokenExplanation(text, now: now).lines { Terminal.output.print(line) }
        guard let keys else { return }
        let keyring: Keyring
        do { keyring = try await Keyring(parsing: KeyFiles.bytes(keys)) } catch let error as KeyFileError {
            throw Failure(.data, "The file \(keys) cannot be used. \(error)")
        }
        let verified: VerifiedToken
        do { verified = try keyring.verify(Array(text.utf8), now: now) } catch {
            throw Failure(.failed, "It would be refused: 401. \(error)")
        }
        for line in TokenExplanation.lines(verified.grant) { Terminal.output.print(line) }
        Terminal.output.print("It would be taken, as “\(verified.name)”.")
    }
}

/// What stands in a token, in lines. Pure.
struct TokenExplanation {
    let lines: [String]

    init(_ token: String, now: Double) {
        if token.hasPrefix("ck_") {
            let id = token.split(separator: "_").dropFirst().first ?? ""
            lines = ["An API key with the id “\(id)”; what it allows stands in the servers' file."]
            return
        }
        do throws(TokenRefusal) {
            let parsed = try JSONWebToken(parsing: Array(token.utf8))
            lines = Self.lines(parsed, now: now)
        } catch {
            lines = ["\(error)"]
        }
    }

    private static func lines(_ token: JSONWebToken, now: Double) -> [String] {
        var lines = [
            "A JSON Web Token, signed by \(token.algorithm ?? "nothing") with the key “\(token.keyID ?? "-")”:"
        ]
        for (name, value) in token.payload.members {
            let text = String(decoding: value.encoded(), as: UTF8.self)
            let time = value.numberSpelling.flatMap { Double($0) }
            switch name {
            case "exp", "nbf", "iat":
                lines.append("  \(name)  \(time.map { Self.time($0, now: now) } ?? text)")
            default: lines.append("  \(name)  \(text)")
            }
        }
        if token.payload["exp"] == nil { lines.append("  It has no “exp”, and so is never taken.") }
        return lines
    }

    private static func time(_ seconds: Double, now: Double) -> String {
        guard seconds >= 0, seconds < 253_402_300_800 else { return "\(seconds)" }
        let left = Int((seconds - now).rounded())
        let distance = left >= 0 ? "in \(left) s" : "\(-left) s ago"
        return "\(RFC3339.string(milliseconds: UInt64(seconds * 1_000))), \(distance)"
    }

    static func lines(_ grant: Grant) -> [String] {
        if grant.scopes.isEmpty { return ["It allows nothing."] }
        return ["It allows:"] + grant.scopes.map { "  \($0.meaning)" }
    }
}

extension Scope {
    /// In words.
    fileprivate var meaning: String {
        let whose: String
        switch pattern {
        case .one(let application): whose = "“\(application)”"
        case .beginning(""): whose = "every application"
        case .beginning(let beginning): whose = "applications whose id begins with “\(beginning)”"
        }
        let part = part.map { ", only at “\($0.pointer)” of the state" } ?? ""
        return switch kind {
        case .push: "push changes to \(whose)\(part)"
        case .poll: "read \(whose)\(part)"
        case .operate: "start and steer operations of \(whose)"
        case .admin: "list and delete \(whose), and read their logs"
        case .metrics: "read the metrics"
        }
    }
}
