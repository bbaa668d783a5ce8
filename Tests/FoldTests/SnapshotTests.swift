import Documents
import TestSupport
import Testing

@testable import Fold

@Suite("Snapshots")
struct SnapshotTests {
    private func sample() throws -> Snapshot {
        var state = try emptyState()
        state.fold(try entry("a", #"{"a":[1,2,{"b":null}],"é":"\n"}"#))
        state.fold(try entry("b", #"[{"op":"test","path":"/x","value":1}]"#, .jsonPatch))
        state.fold(try entry("c~1", #"{"n":1.50}"#))
        state.fold(bytes("garbage"))
        return state.snapshot()
    }

    private func error(_ bytes: [UInt8], of application: String = "board") throws -> SnapshotError? {
        let application = try ApplicationID(application)
        do throws(SnapshotError) {
            _ = try Snapshot(decoding: bytes, of: application)
            return nil
        } catch {
            return error
        }
    }

    @Test("A snapshot that was written is read again as it was")
    func roundTrip() throws {
        let snapshot = try sample()
        let encoded = snapshot.encoded()
        let read = try Snapshot(decoding: encoded, of: snapshot.application)
        #expect(read.application == snapshot.application)
        #expect(read.epoch == snapshot.epoch)
        #expect(read.position == 4)
        #expect(read.version == 3)
        #expect(read.logBytes == snapshot.logBytes)
        #expect(try read.records() == snapshot.records())
        #expect(try read.records().elements.map(\.id?.description) == ["a", "b", "c~1", nil])
        #expect(Array(read.state) == Array(snapshot.state))
        #expect(read.encoded() == encoded)
        let claim = try #require(Snapshot.claim(of: encoded))
        #expect(claim.epoch == snapshot.epoch && claim.position == 4)
    }

    @Test("A checkpoint is a snapshot without records")
    func withoutRecords() throws {
        let snapshot = try sample()
        let read = try Snapshot(decoding: snapshot.withoutRecords.encoded(), of: snapshot.application)
        #expect(try read.records().count == 0)
        #expect(read.position == snapshot.position && Array(read.state) == Array(snapshot.state))
    }

    @Test("Every single byte that is altered is noticed")
    func alterations() throws {
        let encoded = try sample().encoded()
        for index in encoded.indices {
            for flip in [UInt8(1), 0x20, 0x80, 0xff] {
                var altered = encoded
                altered[index] ^= flip
                #expect(try error(altered) != nil, "byte \(index) ^ \(flip)")
            }
        }
    }

    @Test("Every truncation is noticed, and every addition")
    func truncations() throws {
        let encoded = try sample().encoded()
        for end in 0..<encoded.count { #expect(try error(Array(encoded[..<end])) != nil, "cut at \(end)") }
        #expect(try error(encoded + [0]) == .damaged)
    }

    @Test("A whole snapshot of another application is not taken for this one's")
    func otherApplication() throws {
        let encoded = try sample().encoded()
        #expect(try error(encoded, of: "boarD") == .otherApplication)
        #expect(try error(encoded, of: "board") == nil)
    }

    /// A value with a header of the test's own and the right checksum.
    private func forged(_ header: String, _ rest: String = "{}") -> [UInt8] {
        let covered = bytes("\(header)\n\(rest)")
        return bytes("cistern2 \(Checksum(covered)) ") + covered
    }

    @Test("A snapshot of newer rules can be served, and nobody goes on from it")
    func otherFoldVersion() throws {
        #expect(try error(forged("board e1 4 3 \(FoldRules.version) 10 0 0 2")) == nil)
        let newer = try Snapshot(
            decoding: forged("board e1 4 3 \(FoldRules.version + 1) 10 0 0 2"), of: try ApplicationID("board"))
        #expect(newer.foldVersion == FoldRules.version + 1)
        #expect(throws: SnapshotError.otherFoldVersion) {
            try ApplicationState(newer, epoch: newer.epoch, limits: .standard)
        }
        var next = try ApplicationState(
            newer, epoch: newer.epoch, limits: .standard, foldVersion: FoldRules.version + 2)
        let snapshot = next.snapshot()
        #expect(snapshot.foldVersion == FoldRules.version + 2)
        #expect(try error(bytes("cistern1 00000000 ")) == .unknownFormat)
        #expect(try error([]) == .unknownFormat)
    }

    @Test(
        "A header that cannot be is refused even with the right checksum",
        arguments: [
            "board e1 3 4 1 10 0 0 2", "board e1 4 3 1 10 0 0 3", "board e1 4 3 1 10 0 0 1", "board e1 4 3 1 10 0 2 2",
            "board e1 4 3 1 10 0 9007199254740991 9007199254740991", "board e- 4 3 1 10 0 0 2", "board e1 4 3 1 10 0 0",
            "board", "board e1 4 3 1 10 0 0 2 2", "board e1 -4 3 1 10 0 0 2", "", "board e1 4 3 1 10 0 2 0",
            "board e1 4 3 1 10 5 2 0", "board e1 4 3 1 10 1 0 2", "board e1 4 3 1 10 -1 0 2",
        ])
    func impossible(_ header: String) throws {
        #expect(try error(forged(header)) == .damaged)
    }

    private func oneRecord() -> String {
        var records = ChangeRecords()
        records.append(ChangeRecord(id: nil, digest: .unknown, rejection: nil))
        return String(decoding: records.bytes, as: UTF8.self)
    }

    @Test("More records than positions cannot be")
    func tooManyRecords() throws {
        let text = oneRecord()
        #expect(try error(forged("board e1 0 0 1 0 1 \(text.utf8.count) 2", text + "{}")) == .damaged)
        #expect(try error(forged("board e1 1 0 1 0 1 \(text.utf8.count) 2", text + "{}")) == nil)
    }

    @Test("Records are read only when they are asked for, and what is none is told then")
    func badRecords() throws {
        let text = oneRecord()
        for (count, records) in [(2, text), (1, text + text), (1, String(text.dropLast())), (1, "x")] {
            let bytes = forged("board e1 9 0 1 0 \(count) \(records.utf8.count) 2", records + "{}")
            let snapshot = try Snapshot(decoding: bytes, of: try ApplicationID("board"))
            #expect(String(decoding: snapshot.state, as: UTF8.self) == "{}")
            #expect(throws: SnapshotError.damaged, "\(count) \(records)") { try snapshot.records() }
            #expect(throws: SnapshotError.damaged) {
                try ApplicationState(snapshot, epoch: snapshot.epoch, limits: .standard)
            }
            #expect(try snapshot.withoutRecords.records().count == 0)
        }
    }

    @Test("Random bytes are no snapshot, with and without a right beginning")
    func garbage() throws {
        var numbers = SeededNumbers(seed: 3)
        for _ in 0..<500 {
            let garbage = (0..<Int.random(in: 0...200, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            #expect(try error(garbage) == .unknownFormat)
            #expect(try error(bytes("cistern2 ") + garbage) == .damaged)
            #expect(Snapshot.claim(of: garbage) == nil)
        }
    }

    @Test("A state that is no JSON makes no application state")
    func stateIsNoJSON() throws {
        let snapshot = try Snapshot(decoding: forged("board e1 1 1 1 10 0 0 2", "{]"), of: try ApplicationID("board"))
        #expect(throws: SnapshotError.damaged) {
            try ApplicationState(snapshot, epoch: snapshot.epoch, limits: .standard)
        }
    }
}
