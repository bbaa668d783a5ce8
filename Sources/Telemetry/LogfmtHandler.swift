// The log of the daemons: one line per record on standard error, for people, journald and collectors alike.

package import Logging

/// A `LogHandler` that writes lines as `LogLine` describes them.
package struct LogfmtHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let layout: LogLayout
    private let output: LogOutput

    /// Writes to standard error.
    package init(label: String, level: Logger.Level, layout: LogLayout) {
        self.init(label: label, level: level, layout: layout, output: .standardError)
    }

    init(label: String, level: Logger.Level, layout: LogLayout, output: LogOutput) {
        self.label = label
        self.layout = layout
        self.output = output
        logLevel = level
    }

    /// Makes every logger of this process write this way. Call it once, before the first logger is made.
    package static func bootstrap(level: Logger.Level, layout: LogLayout) {
        LoggingSystem.bootstrap { LogfmtHandler(label: $0, level: level, layout: layout) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        let line = render(event.level, event.message.description, fields)
        output.write(line) { dropped in
            render(.warning, "log lines were dropped, standard error had no room", ["dropped": "\(dropped)"])
        }
    }

    private func render(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
        LogLine.render(
            layout: layout, time: .now(), level: level, label: label, message: message, metadata: fields)
    }
}
