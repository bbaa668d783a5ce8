import Foundation
import Relays
import TestSupport
import Testing

@testable import cistern_faults

@Suite("Mutants")
struct MutantTests {
    @Test("Every mutant changes a script that there is", arguments: Mutant.names)
    func mutants(_ name: String) throws {
        let mutant = try #require(Mutant.known(name))
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let files = try ["ChangeLog", "OperationQueue", "WebhookQueue"].flatMap { module in
            try FileManager.default.contentsOfDirectory(
                at: tests.appending(path: "../../Sources/\(module)/Scripts"), includingPropertiesForKeys: nil)
        }
        let scripts = try files.filter { $0.pathExtension == "lua" }.map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(scripts.contains { mutant.changed($0) != nil })
    }
}
