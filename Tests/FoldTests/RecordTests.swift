import TestSupport
import Testing

@testable import Fold

@Suite("Records in snapshots")
struct RecordTests {
    private func record(_ id: String?, _ rejection: Rejection? = nil) throws -> ChangeRecord {
        ChangeRecord(id: try id.map { try ChangeID($0) }, digest: try change("x", "{}").digest, rejection: rejection)
    }

    private func samples() throws -> [ChangeRecord] {
        [
            try record("a"), try record("c~7", Rejection(.preconditionFailed)),
            try record(nil, Rejection(.unreadableEntry)),
            try record("b", Rejection(.pathNotFound, operation: 3, pointer: "/a\nb c\r\n12 d é")),
            try record(String(repeating: "z", count: 128)),
            try record("d", Rejection(.testFailed, operation: 0, pointer: "")),
        ]
    }

    @Test("Records that were appended are read again, pointers with line breaks included")
    func roundTrip() throws {
        var records = ChangeRecords()
        for sample in try samples() { records.append(sample) }
        #expect(records.elements == (try samples()))
        let decoded = try #require(ChangeRecords(decoding: records.bytes[...]))
        #expect(decoded == records)
        #expect(decoded.elements == (try samples()))
        #expect(ChangeRecords(decoding: ([1, 2, 3] + records.bytes)[3...])?.elements == (try samples()))
    }

    @Test("Of any number of records the last ones can be kept")
    func keepLast() throws {
        let all = try samples()
        for count in -1...(all.count + 1) {
            var records = ChangeRecords()
            for sample in all { records.append(sample) }
            records.keepLast(count)
            #expect(records.elements == Array(all.suffix(max(0, count))))
            #expect(records.count == min(max(0, count), all.count))
            records.append(all[0])
            #expect(records.elements.last == all[0])
            #expect(ChangeRecords(decoding: records.bytes[...]) == records)
        }
    }

    @Test("What was cut anywhere but between two records is refused")
    func cuts() throws {
        var records = ChangeRecords()
        var ends: Set = [0]
        for sample in try samples() {
            records.append(sample)
            ends.insert(records.bytes.count)
        }
        for end in 0...records.bytes.count {
            #expect((ChangeRecords(decoding: records.bytes[..<end]) != nil) == ends.contains(end), "cut at \(end)")
        }
    }

    @Test("Garbage is refused and does no harm")
    func garbage() throws {
        for text in ["x", "1 x\n", "01 a\n", "9999999 a\n", "999999 a\n", " \n", "5 a b c", "0 \n", "-1 a\n"] {
            #expect(ChangeRecords(decoding: bytes(text)[...]) == nil, "\(text)")
        }
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<2_000 {
            let garbage = (0..<Int.random(in: 1...40, using: &numbers)).map { _ in
                "0123456789 \n-+abc".utf8.randomElement(using: &numbers) ?? 0
            }
            #expect(ChangeRecords(decoding: garbage[...]) == nil)
        }
    }
}
