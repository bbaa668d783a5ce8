// What the client logs that people should know: lines on standard error.

import Logging

struct NoteLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.value)" }
        Terminal.error.print(Wording.printable(([event.message.description] + facts).joined(separator: ": ")))
    }
}

extension Logger {
    static func noting(_ label: String) -> Logger { Logger(label: label, factory: { _ in NoteLog() }) }
}
