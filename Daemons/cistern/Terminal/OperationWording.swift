// Long-running operations, for people.

import CisternClient
import Documents

enum OperationWording {
    /// How far it is: “running  40 %  Drawing columns”.
    static func progress(_ operation: LongOperation) -> String {
        var parts = [operation.status.rawValue]
        if operation.status == .queued, operation.attempt > 0 {
            parts[0] = "waits for attempt \(operation.attempt + 1)"
        }
        if let progress = operation.progress { parts.append(figures(progress)) }
        return parts.joined(separator: "  ")
    }

    static func figures(_ progress: LongOperation.Progress) -> String {
        var parts: [String] = []
        if let percent = progress.percent {
            parts.append("\(Wording.decimal(percent, places: percent.rounded() == percent ? 0 : 1)) %")
        }
        if let completed = progress.completed {
            parts.append(Wording.count(completed) + (progress.total.map { "/\(Wording.count($0))" } ?? ""))
        }
        if let message = progress.message { parts.append(Wording.printable(message)) }
        return parts.joined(separator: "  ")
    }

    /// What has become of it.
    static func sentence(_ operation: LongOperation) -> String {
        let name = "“\(operation.id)”"
        let reason = error(operation).map { ": \($0)" } ?? "."
        return switch operation.status {
        case .queued: "\(name) waits for a worker."
        case .running: "\(name) is being worked on."
        case .cancelling: "\(name) is being cancelled; its worker may still have a result."
        case .succeeded: "\(name) is done; its result is kept."
        case .failed: "\(name) failed\(reason)"
        case .cancelled: "\(name) was cancelled."
        case .dead: "\(name) is dead, after \(Wording.plural(operation.attempt, "attempt"))\(reason)"
        }
    }

    static func lines(_ operation: LongOperation) -> [String] {
        var rows = [
            ("operation", operation.id), ("application", operation.application), ("kind", operation.kind),
            ("status", operation.status.rawValue), ("attempt", "\(operation.attempt) of \(operation.attempts)"),
            ("created", operation.created), ("updated", operation.updated),
        ]
        if let progress = operation.progress { rows.append(("progress", figures(progress))) }
        if let error = error(operation) { rows.append(("error", error)) }
        if let type = operation.mediaType { rows.append(("result", type)) }
        return Wording.aligned(rows)
    }

    /// As its worker said it: a message and a code, or any other object.
    private static func error(_ operation: LongOperation) -> String? {
        guard let json = operation.error else { return nil }
        let document = try? Document(parsing: json.bytes)
        guard let message = document?["message"]?.stringValue else { return Wording.printable(json.description) }
        let code = document?["code"]?.stringValue.map { " [\($0)]" } ?? ""
        return Wording.printable(message + code)
    }
}
