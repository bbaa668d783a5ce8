import Foundation
import Relays
import TestSupport
import Testing

@Suite("Mutants")
struct MutantTests {
    @Test("Every mutant changes a script that there is", arguments: Mutant.all.map(\.name))
    func mutants(_ name: String) throws {
        let mutant = try #require(Mutant.named(name))
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let folder = tests.appending(path: "../../Sources/ChangeLog/Scripts")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let scripts = try files.filter { $0.pathExtension == "lua" }.map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(scripts.contains { mutant.changed($0) != nil })
    }
}
