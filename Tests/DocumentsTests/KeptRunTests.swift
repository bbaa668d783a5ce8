import TestSupport
import Testing

@testable import Documents

@Suite("What an encoding has in common with the last one")
struct KeptRunTests {
    @Test("Behind a head of any length the same bytes stand, and what is said to be kept is", arguments: 0..<6)
    func kept(_ seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var document = try Document(
            parsing: Array(
                "{\((0..<800).map { #""k\#($0)":{"a":\#($0),"b":"some text"}"# }.joined(separator: ","))}".utf8))
        var last: [UInt8] = []
        var longest = 0
        for round in 0..<60 {
            let key = random.below(900)
            let patch = [
                #"{"k\#(key)":{"a":\#(round)}}"#, #"{"k\#(key)":null}"#, #"{"z\#(key)":"new"}"#,
                #"{"k\#(key)":"\#(String(repeating: "y", count: key))"}"#,
            ][random.below(4)]
            if round % 5 != 4 {
                try document.apply(Patch(parsing: Array(patch.utf8), kind: .mergePatch), time: 0)
            }
            let head = Array(String(repeating: "h", count: random.below(40)).utf8)
            let expected = document.encoded()
            var runs: [KeptRun] = []
            let bytes = document.encodeAndRemember(behind: [head, [1, 2]]) { bytes, kept in
                bytes[head.count] = 7
                runs = kept
            }
            #expect(bytes == head + [7, 2] + expected)
            #expect(document.encoded() == expected)
            var end = 0
            for run in runs {
                #expect(run.to >= end)
                end = run.to + run.count
                longest = max(longest, run.count)
                #expect(last[run.from..<run.from + run.count] == expected[run.to..<end])
            }
            if round % 5 == 4 { #expect(runs == [KeptRun(from: 0, to: 0, count: expected.count)]) }
            if round % 9 == 0 { #expect(document.encodeAndRemember() == expected) }
            last = expected
        }
        #expect(longest > 10_000)
    }
}
