// This client's actions and status, written as the table has them.

import Documents
import Fold

@testable import CisternClient

enum TableAction {
    static func document(_ action: Action) -> Document {
        switch action {
        case .save(let update):
            let meta: [(String, Document)] = [
                ("client", .string(update.client)), ("generation", .integer(update.generation)),
                ("last", .integer(update.last)),
            ]
            return named(
                "save",
                [
                    ("meta", .object(meta)), ("put", .array(update.put.map(kept))),
                    ("drop", .array(update.drop.map { .integer($0) })),
                ])
        case .send(let changes, let route):
            return named(
                "send", [("over", .string(route.rawValue)), ("changes", .array(changes.map(BatchWriting.element)))])
        case .ask(let id): return named("ask", [("id", .string(id))])
        case .tell(let key, let id, let outcome):
            return named("tell", [("key", .string(key)), ("id", .string(id))] + told(outcome))
        case .open(let way, let have, let presence):
            return named(
                "open", [("way", .string(way.rawValue)), ("have", text(have)), ("presence", .bool(presence))])
        case .close: return named("close", [])
        case .poll(let purpose, let have, let wait, let atLeast):
            var members: [(String, Document)] = [("purpose", .string(purpose.rawValue)), ("have", text(have))]
            if let wait { members.append(("wait", .integer(Int(wait.components.seconds)))) }
            if let atLeast { members.append(("atLeast", text(atLeast))) }
            return named("poll", members)
        case .timer(let name, let between):
            let bounds = [between.lowerBound, between.upperBound].map { Document.integer($0.milliseconds) }
            return named("timer", [("name", .string(name.rawValue)), ("between", .array(bounds))])
        case .cancel(let name): return named("cancel", [("name", .string(name.rawValue))])
        case .say(let value, let route, let life):
            var members: [(String, Document)] = [("over", .string(route.rawValue)), ("value", value ?? .null)]
            if let life { members.append(("ttl", .integer(Int(life.components.seconds)))) }
            return named("say", members)
        case .askPresence(let tag): return named("ask-presence", [("tag", tag.map { .string($0) } ?? .null)])
        }
    }

    static func document(_ status: LiveStatus) -> Document {
        let phase =
            switch status.phase {
            case .connecting: "connecting"
            case .live: "live"
            case .offline: "offline"
            }
        return .object([
            ("phase", .string(phase)), ("way", .string(status.way.rawValue)),
            ("exists", status.exists.map { .bool($0) } ?? .null),
            ("version", status.version.map { .string($0.description) } ?? .null),
            ("pending", .integer(status.pendingCount)), ("problem", status.problem.map(document) ?? .null),
        ])
    }

    static func document(_ clients: [String: Document]) -> Document {
        .object(clients.map { ($0.key, .object([("value", $0.value)])) })
    }

    private static func document(_ error: CisternError) -> Document {
        switch error {
        case .refused(let problem): document(problem)
        case .unreachable(_, let reason): .object([("title", .string(reason))])
        case .unexpectedAnswer(_, let status, let reason):
            .object([("status", .integer(status)), ("title", .string(reason))])
        case .invalidRequest, .cancelled: .string("\(error)")
        }
    }

    private static func document(_ problem: Problem) -> Document {
        .object([
            ("type", .string("/problems/" + problem.slug)), ("status", .integer(problem.status)),
            ("title", .string(problem.title)),
        ])
    }

    private static func named(_ name: String, _ members: [(String, Document)]) -> Document {
        .object([("do", .string(name))] + members)
    }

    private static func text(_ token: (some CustomStringConvertible)?) -> Document {
        token.map { .string($0.description) } ?? .null
    }

    private static func kept(_ change: KeptChange) -> Document {
        .object([
            ("order", .integer(change.order)), ("key", .string(change.key)), ("client", .string(change.client)),
            ("number", .integer(change.number)), ("type", .string(change.kind.rawValue)),
            ("change", (try? Document(parsing: change.patch.bytes)) ?? .null),
        ])
    }

    private static func told(_ outcome: ToldOutcome) -> [(String, Document)] {
        switch outcome {
        case .applied: [("outcome", .string("applied"))]
        case .unknown: [("outcome", .string("unknown"))]
        case .rejected(let problem): [("outcome", .string("rejected")), ("reason", document(problem))]
        case .refused(let problem): [("outcome", .string("refused")), ("reason", document(problem))]
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
