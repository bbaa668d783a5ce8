// Other people's test data and recorded changes. They are not part of the project: tests that need them look for a
// folder `shared/conformance` beside the checkout, or in CISTERN_CONFORMANCE, and are skipped by name without it.

import Foundation

enum ForeignData {
    static let conformance: URL? = folder("conformance", variable: "CISTERN_CONFORMANCE")
    static let traces: URL? = folder("traces", variable: "CISTERN_TRACES")

    static var hasConformance: Bool { conformance != nil }
    static var hasTraces: Bool { traces != nil }

    private static func folder(_ name: String, variable: String) -> URL? {
        if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty {
            return existing(URL(filePath: path, directoryHint: .isDirectory))
        }
        var place = URL(filePath: #filePath)
        while place.pathComponents.count > 1 {
            place.deleteLastPathComponent()
            if let found = existing(place.appending(path: "shared/\(name)", directoryHint: .isDirectory)) {
                return found
            }
        }
        return nil
    }

    private static func existing(_ folder: URL) -> URL? {
        (try? folder.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true ? folder : nil
    }

    static func bytes(_ file: URL) throws -> [UInt8] {
        Array(try Data(contentsOf: file))
    }
}
