// A trace: one change a line, `{"id", "type", "change"}`, in the order in which they happened.

import CisternClient
import Documents

enum TraceLine {
    /// - Parameters:
    ///   - run: put before the id, with a dot between.
    ///   - number: of the line, from 1, for the error.
    static func change(_ line: ArraySlice<UInt8>, number: Int, run: String? = nil) throws(Failure) -> Change {
        func failure(_ reason: String) -> Failure { Failure(.data, "Line \(number) of the trace \(reason).") }
        let document: Document
        do {
            document = try Document(parsing: Array(line), limits: ParsingLimits(depth: ParsingLimits.standardDepth + 1))
        } catch {
            throw failure("is not JSON: at byte \(error.offset), \(error.message)")
        }
        guard let id = document["id"]?.stringValue else { throw failure("has no “id” that is a string") }
        guard let patch = document["change"] else { throw failure("has no “change”") }
        guard let kind = kind(document["type"]?.stringValue) else {
            let kinds = Change.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("has no “type” that is one of \(kinds)")
        }
        return Change(id: run.map { "\($0).\(id)" } ?? id, kind, JSONText(bytes: patch.encoded()))
    }

    private static func kind(_ type: String?) -> Change.Kind? {
        switch type {
        case "application/json": .mergePatch
        case let type?: Change.Kind(rawValue: type)
        case nil: nil
        }
    }
}
