import Documents
import TestSupport
import Testing

@testable import Fold

@Suite("Checksums from pieces")
struct ChecksumPieceTests {
    private static func randomBytes(_ count: Int, _ numbers: inout SeededNumbers) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    }

    /// Bit by bit, as the polynomial says.
    private func plain(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }

    @Test("With every set of instructions that is there, and with none, it is the checksum by definition")
    func instructions() {
        var numbers = SeededNumbers(seed: 1)
        let bytes = Self.randomBytes(20_000, &numbers)
        let lengths = Array(0...400) + [575, 576, 1_000, 6_143, 6_144, 6_145, 6_200, 12_345, 19_000]
        for length in lengths {
            let start = Int.random(in: 0...(bytes.count - length), using: &numbers)
            let piece = Array(bytes[start..<(start + length)])
            let expected = plain(piece)
            #expect(Checksum(piece).value == expected, "\(length) bytes")
            for set in Remainder.Instructions.allCases where set <= .available {
                let found = unsafe bytes.withUnsafeBytes {
                    unsafe ~Remainder.run(.max, UnsafeRawBufferPointer(rebasing: $0[start..<(start + length)]), by: set)
                }
                #expect(found == expected, "\(length) bytes by \(set)")
            }
        }
    }

    @Test("The checksum of a whole follows from those of its pieces, however it is cut")
    func combining() {
        var numbers = SeededNumbers(seed: 2)
        for _ in 0..<300 {
            let bytes = Self.randomBytes(Int.random(in: 0...9_000, using: &numbers), &numbers)
            var cuts = (0..<Int.random(in: 0...5, using: &numbers)).map { _ in
                Int.random(in: 0...bytes.count, using: &numbers)
            }
            cuts = ([0, bytes.count] + cuts).sorted()
            var combined = Checksum()
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                combined.append(Checksum(bytes[start..<end]), count: end - start)
            }
            #expect(combined == Checksum(bytes))
            let cut = cuts[cuts.count / 2]
            #expect(
                Checksum(bytes).behind(Checksum(bytes[..<cut]), count: bytes.count - cut) == Checksum(bytes[cut...]))
        }
    }

    @Test("Pieces of any length combine, megabytes too", arguments: [2_047, 2_048, 2_049, 4_096, 65_537, 3 << 20])
    func farApart(_ count: Int) {
        var combined = Checksum(Array("head".utf8))
        let zeros = [UInt8](repeating: 0, count: count)
        combined.append(Checksum(zeros), count: count)
        #expect(combined == Checksum(Array("head".utf8) + zeros))
    }

    @Test("The processor's product is that of the bits")
    func products() {
        var numbers = SeededNumbers(seed: 3)
        for length in [0, 1, 3, 4, 5, 100, 2_048] {
            let value = UInt32.random(in: 0 ... .max, using: &numbers)
            // Zero bytes go through a register as through a shift.
            let zeros = [UInt8](repeating: 0, count: length)
            let expected = unsafe zeros.withUnsafeBytes { unsafe Remainder.run(value, $0, by: .none) }
            #expect(Remainder.shift(value, bytes: length) == expected, "\(length)")
        }
        #expect(Remainder.product(1 << 31, 0x1234_5678) == 0x1234_5678)
        #expect(Remainder.product(0xdead_beef, 0x1234_5678) == Remainder.product(0x1234_5678, 0xdead_beef))
    }

    @Test("Bytes that are cut out, put in and moved leave the checksum right, and only what is new is read")
    func stretches() {
        var numbers = SeededNumbers(seed: 4)
        for round in 0..<30 {
            var bytes = Self.randomBytes(Int.random(in: 0...60_000, using: &numbers), &numbers)
            var kept = StretchedChecksum()
            unsafe bytes.withUnsafeBytes { unsafe kept.update($0, keeping: []) }
            #expect(kept.whole == Checksum(bytes))
            for _ in 0..<60 {
                let (next, runs) = edited(bytes, &numbers)
                let before = kept.bytesRead
                unsafe next.withUnsafeBytes { unsafe kept.update($0, keeping: runs) }
                #expect(kept.whole == Checksum(next), "round \(round)")
                let fresh = next.count - runs.reduce(0) { $0 + $1.count }
                // Each run loses up to a stretch at either end, and one to a neighbour that is too short.
                #expect(kept.bytesRead - before <= fresh + 6_144 * (runs.count + 1))
                bytes = next
            }
        }
    }

    /// Some edits from front to back, and what of the old bytes is still there.
    private func edited(_ old: [UInt8], _ numbers: inout SeededNumbers) -> ([UInt8], [KeptRun]) {
        var new: [UInt8] = []
        var runs: [KeptRun] = []
        var place = 0
        for _ in 0..<Int.random(in: 0...3, using: &numbers) where place < old.count {
            let end = Int.random(in: place...old.count, using: &numbers)
            if end > place { runs.append(KeptRun(from: place, to: new.count, count: end - place)) }
            new += old[place..<end]
            place = min(old.count, end + Int.random(in: 0...3_000, using: &numbers))
            new += Self.randomBytes(
                Int.random(in: 0...[1, 10, 5_000][Int.random(in: 0...2, using: &numbers)], using: &numbers), &numbers)
        }
        if place < old.count { runs.append(KeptRun(from: place, to: new.count, count: old.count - place)) }
        return (new + old[place...], runs)
    }
}

@Suite("Snapshots that are made again after small changes")
struct RepeatedSnapshotTests {
    private func large(_ members: Int) throws -> ApplicationState {
        var state = try emptyState()
        let text = (0..<members).map { #""k\#($0)":{"title":"Number \#($0)","n":\#($0),"list":[1,2,3]}"# }
        state.fold(try entry("begin", "{\(text.joined(separator: ","))}"))
        return state
    }

    /// What the snapshot would be if nothing were known of an earlier one.
    private func fromScratch(_ state: ApplicationState) -> [UInt8] {
        Snapshot(
            application: state.application, epoch: state.epoch, position: state.position, version: state.version,
            logBytes: state.logBytes, records: state.records, state: state.document.encoded()[...]
        ).encoded()
    }

    @Test("After random patches each is the one from scratch, byte for byte", arguments: 0..<4)
    func sameBytes(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        var state = try large(2_000)
        var older: ApplicationState?
        for round in 0..<150 {
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let key = Int.random(in: 0...2_100, using: &numbers)
                let patch =
                    switch Int.random(in: 0...6, using: &numbers) {
                    case 0: #"{"k\#(key)":null}"#
                    case 1: #"{"k\#(key)":{"title":"\#(String(repeating: "x", count: key))"}}"#
                    case 2: #"{"k\#(key)":{"n":\#(round)},"k\#(key / 2)":{"n":\#(key)}}"#
                    case 3: #"{"k\#(key)":[\#(round),{"deep":{"er":true}}]}"#
                    case 4: #"{"a new one \#(key)":\#(round)}"#
                    default: #"{"k\#(key)":{"n":\#(round)}}"#
                    }
                state.fold(try entry("c~\(round + 1)", patch))
            }
            if round % 7 == 3 { state.fold(bytes("garbage")) }
            if round % 20 == 19 { state.fold(try entry("r", #"{"only":1}"#, .mergePatch)) }
            if round % 11 == 0 { state.keepRecords(Int.random(in: 0...20, using: &numbers)) }
            let encoded = state.snapshot().encoded()
            #expect(encoded == fromScratch(state))
            let read = try Snapshot(decoding: encoded, of: state.application)
            #expect(read.withoutRecords.encoded() == state.snapshot().withoutRecords.encoded())
            #expect(try read.records() == state.records)
            // A copy goes its own way from where it was made.
            if round % 30 == 0 { older = state }
            older?.fold(try entry("o", #"{"k1":{"n":"older \#(round)"}}"#))
            if var copy = older {
                #expect(copy.snapshot().encoded() == fromScratch(copy))
                older = copy
            }
        }
    }

    @Test("After one small change in a megabyte a few KB are read for the checksum")
    func littleIsRead() throws {
        var state = try large(20_000)
        #expect(state.stateBytes > 1_000_000)
        _ = state.snapshot()
        for round in 0..<50 {
            let before = state.checksum.bytesRead
            state.fold(try entry("c~\(round + 1)", #"{"k\#(round * 397)":{"n":\#(round)}}"#))
            let snapshot = state.snapshot()
            #expect(state.checksum.bytesRead - before < 8_192)
            #expect((try? Snapshot(decoding: snapshot.encoded(), of: state.application)) != nil)
        }
        let before = state.checksum.bytesRead
        state.fold(bytes("garbage"))
        _ = state.snapshot()
        #expect(state.checksum.bytesRead == before)
    }
}
