import Documents
import Foundation
import SystemSupport
import TestSupport

/// One change of a trace.
struct TraceChange: Sendable {
    let id: String
    let type: ChangeType
    let text: String
}

/// How real documents changed over the years. They are not part of the project: tests look for a folder `shared/traces`
/// beside the checkout, or in CISTERN_TRACES.
struct RecordedTraces: Sendable {
    let name: String
    let changes: [TraceChange]
    /// What must come out.
    let end: Document

    static var areThere: Bool { folder != nil }

    static func all() throws -> [RecordedTraces] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "ndjson" }.map { try RecordedTraces($0) }
    }

    private init(_ file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let lines = Array(try Data(contentsOf: file)).split(separator: UInt8(ascii: "\n"))
        changes = try lines.map { line in
            // A change is nested in an object.
            let record = try Document(parsing: Array(line), limits: ParsingLimits(depth: 130))
            return TraceChange(
                id: record["id"]?.stringValue ?? "",
                type: record["type"]?.stringValue.flatMap(ChangeType.init) ?? .merge,
                text: record["change"]?.text ?? "")
        }
        let end = file.deletingLastPathComponent().appending(path: "\(name).final.json")
        self.end = try Document(parsing: Array(try Data(contentsOf: end)))
    }

    private static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["CISTERN_TRACES"], !path.isEmpty {
            return existing(URL(filePath: path, directoryHint: .isDirectory))
        }
        var place = URL(filePath: #filePath)
        while place.pathComponents.count > 1 {
            place.deleteLastPathComponent()
            if let found = existing(place.appending(path: "shared/traces", directoryHint: .isDirectory)) {
                return found
            }
        }
        return nil
    }()

    private static func existing(_ folder: URL) -> URL? {
        (try? folder.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true ? folder : nil
    }
}

/// Changes of all kinds, some of which cannot be applied; the same for the same seed.
struct GeneratedChanges {
    private var numbers: SeededNumbers

    init(seed: UInt64) { numbers = SeededNumbers(seed: seed) }

    private mutating func random(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &numbers) }

    private mutating func name() -> String { ["a", "b", "list", "tags", "n", "deep"][random(6)] }

    private mutating func value(_ depth: Int = 0) -> String {
        switch random(depth > 2 ? 4 : 6) {
        case 0: return "\(random(2_000) - 1_000)"
        case 1: return "\(random(100)).\(random(90) + 10)"
        case 2: return "\"t\(random(10))\\u00e9\""
        case 3: return ["true", "false", "\"\""][random(3)]
        case 4: return "[\(value(depth + 1)),\(value(depth + 1))]"
        default: return "{\"\(name())\":\(value(depth + 1)),\"x\(random(9))\":\(value(depth + 1))}"
        }
    }

    private mutating func operation() -> String {
        let path = random(3) == 0 ? "/\(name())/\(name())" : "/\(name())"
        return switch random(10) {
        case 0: #"{"op":"remove","path":"\#(path)"}"#
        case 1: #"{"op":"increment","path":"/n","value":\#(random(50)).\#(random(10))}"#
        case 2: #"{"op":"union","path":"/tags","value":[\#(random(12)),"t\#(random(5))"]}"#
        case 3: #"{"op":"subtract","path":"/tags","value":[\#(random(12))]}"#
        case 4: #"{"op":"max","path":"/n","value":\#(random(100))}"#
        case 5: #"{"op":"copy","from":"/\#(name())","path":"/copy"}"#
        case 6: #"{"op":"replace","path":"/tags","value":[]}"#
        default: #"{"op":"add","path":"\#(path)","value":\#(value())}"#
        }
    }

    mutating func next() -> TraceChange {
        if random(2) == 0 {
            let member = random(4) == 0 ? "null" : value()
            return TraceChange(id: "", type: .merge, text: "{\"\(name())\":\(member),\"m\":{\"n\":\(random(100))}}")
        }
        let operations = (0...random(2)).map { _ in operation() }
        return TraceChange(id: "", type: .cistern, text: "[\(operations.joined(separator: ","))]")
    }
}
