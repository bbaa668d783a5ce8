// How a command ends when it cannot do what was asked: a sentence for people, a number for scripts.

import CisternClient
import Glibc

/// The exit statuses, those of sysexits(3) where one fits.
enum ExitStatus: Int32, Sendable {
    case failed = 1
    /// EX_USAGE
    case usage = 64
    /// EX_DATAERR
    case data = 65
    /// EX_UNAVAILABLE
    case unavailable = 69
}

struct Failure: Error, Equatable, CustomStringConvertible {
    let status: ExitStatus
    /// What happened and where.
    let message: String
    /// What to do, if there is something.
    let advice: String?

    init(_ status: ExitStatus, _ message: String, advice: String? = nil) {
        self.status = status
        self.message = message
        self.advice = advice
    }

    var description: String {
        advice.map { "\(message)\n\($0)" } ?? message
    }

    func leave() -> Never {
        Terminal.error.print(Terminal.error.paint("Error: ", .red) + description)
        exit(status.rawValue)
    }
}

extension Failure {
    init(_ error: CisternError) {
        switch error {
        case .refused(let problem):
            self.init(Self.status(of: problem), problem.description, advice: Self.advice(on: problem))
        case .unreachable(let url, let reason):
            self.init(
                .unavailable, "There is no answer from \(url): \(reason).",
                advice: "Start a server with “cistern up”, or name another one with --url or CISTERN_URL.")
        case .unexpectedAnswer: self.init(.unavailable, error.description)
        case .invalidRequest(let reason): self.init(.usage, reason)
        case .cancelled: self.init(.failed, error.description)
        }
    }

    private static func status(of problem: Problem) -> ExitStatus {
        switch problem.status {
        case 400, 413, 415: .data
        case 429, 502, 503, 504: .unavailable
        default: .failed
        }
    }

    private static func advice(on problem: Problem) -> String? {
        switch problem.slug {
        case "unknown-app": "“cistern apps” lists those that exist."
        case "unknown-operation": "“cistern operation list” lists those that exist."
        case "operation-mismatch": "Leave --id away to have a new id chosen."
        case "unknown-webhook": "“cistern webhook list” lists those that exist."
        case "unknown-delivery": "“cistern webhook deliveries” lists those that are remembered."
        case "delivery-in-flight": "“cistern webhook attempts” shows when it is tried next."
        case "webhook-disabled": "“cistern webhook enable” enables it."
        case "url-forbidden":
            "An operator lets networks in with --webhook-networks, the same for couriers and those that take webhooks in."
        case "unauthenticated":
            "Give a token with CISTERN_TOKEN or --token; “cistern token explain” says what is wrong with one."
        case "forbidden": "“cistern token explain” says what a token allows."
        case "change-id-reused": "Leave --id away to have a new id chosen."
        case "not-found", "method-not-allowed":
            "Where change-bucket and state-poll are separate, name the first with --push-url and the second with --url."
        default: nil
        }
    }
}
