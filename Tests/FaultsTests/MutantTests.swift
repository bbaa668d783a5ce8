import Foundation
import NIOCore
import Testing

@testable import cistern_faults

@Suite("Mutants")
struct MutantTests {
    @Test("Every mutant changes a script that there is, and nothing but scripts", arguments: Mutant.all.map(\.name))
    func mutants(_ name: String) throws {
        let mutant = try #require(Mutant.named(name))
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let folder = tests.appending(path: "../../Sources/ChangeLog/Scripts")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var changed = 0
        for file in files where file.pathExtension == "lua" {
            let script = try String(contentsOf: file, encoding: .utf8)
            let load = ByteBuffer(
                string: "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$\(script.utf8.count)\r\n\(script)\r\n")
            let other = mutant.changed(load)
            if other != load { changed += 1 }
            var frames = RESPFrames()
            frames.append(other)
            #expect(frames.next() == other, "it is still one command")
            let value = ByteBuffer(string: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(script.utf8.count)\r\n\(script)\r\n")
            #expect(mutant.changed(value) == value)
        }
        #expect(changed > 0)
    }
}
