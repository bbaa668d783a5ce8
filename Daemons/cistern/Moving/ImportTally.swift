/// What became of the applications of an export, and whether the export is whole.
struct ImportTally {
    private(set) var counts: [String: Int] = [:]
    private(set) var complaints: [String] = []
    private var hasHeader = false
    private var applications = 0
    private var promised: Int?

    /// Complaints that are kept; more are only counted.
    private static let mostComplaints = 20

    /// Checks that a line stands where it may.
    mutating func take(_ line: ExportLine, _ number: Int) throws(Failure) -> ExportLine {
        switch line {
        case .header: hasHeader = true
        case .application:
            guard hasHeader else {
                throw Failure(
                    .data, "Line \(number) comes before the one that says that this is an export (“cistern_export”).")
            }
            applications += 1
        case .end(let count): promised = count
        }
        return line
    }

    mutating func note(_ app: String, _ outcome: Import.Outcome) {
        switch outcome {
        case .imported: count("imported")
        case .wasThere: count("there already, as imported before")
        case .changedSince:
            count("changed since they were imported")
            complain("\(app) was imported before and has been changed since; --replace --run NAME imports it again.")
        case .exists:
            count("left alone")
            complain("\(app) exists; --replace puts the exported state in its place.")
        case .failed(let reason):
            count("failed")
            complain("\(app): \(reason)")
        }
    }

    private mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    private mutating func complain(_ text: String) {
        if complaints.count < Self.mostComplaints { complaints.append(text) }
    }

    var summary: String {
        let parts = counts.sorted { $0.key < $1.key }.map { "\(Wording.count($0.value)) \($0.key)" }
        return
            (complaints + [
                "\(Wording.plural(applications, "application")): \(parts.isEmpty ? "nothing to do" : parts.joined(separator: ", "))."
            ])
            .joined(separator: "\n")
    }

    /// Nil if all is there.
    var failure: Failure? {
        if promised != applications {
            return Failure(
                .data, "The export is not whole: its last line is missing, or lines before it.",
                advice:
                    "What there is was imported. Export again, and import that: what is there is recognised or left alone."
            )
        }
        let bad =
            (counts["failed"] ?? 0) + (counts["left alone"] ?? 0) + (counts["changed since they were imported"] ?? 0)
        return bad == 0 ? nil : Failure(.failed, "\(Wording.plural(bad, "application")) not imported.")
    }
}
