import Fold
import TestSupport
import Testing

@testable import Presence

@Suite("Messages between servers")
struct PresenceMessageTests {
    private static let documentBytes = PresenceConfiguration().documentBytes

    private func read(_ bytes: [UInt8]) -> PresenceMessage? {
        PresenceMessage(bytes, documentBytes: Self.documentBytes)
    }

    private func record(_ name: String, _ value: String?, stamp: UInt64 = 5, remaining: Duration = .seconds(30))
        -> PresenceRecord
    {
        PresenceRecord(
            client: client(name), stamp: PresenceStamp(milliseconds: stamp, server: 0x0102_0304_0506_0708),
            value: value.map(json), remaining: remaining)
    }

    private var messages: [PresenceMessage] {
        [
            .question(server: .max), .records([record("ann", "1")]),
            .records([
                record(String(repeating: "x", count: 128), #"{"at":[1,2],"name":"é"}"#), record("b", nil),
                record(
                    "c", "\"\(String(repeating: "y", count: Self.documentBytes - 2))\"", stamp: PresenceStamp.latest),
                record("d", "null", stamp: 0, remaining: .milliseconds(1)),
            ]),
        ]
    }

    @Test("What is written is read")
    func roundTrip() {
        for message in messages { #expect(read(message.encoded) == message) }
    }

    @Test("The form is this one, byte by byte")
    func form() {
        #expect(PresenceMessage.question(server: 258).encoded == [1, 0, 0, 0, 0, 0, 0, 0, 1, 2])
        #expect(
            PresenceMessage.records([record("ab", "7")]).encoded
                == [1, 1, 2, 97, 98, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x75, 0x30, 0, 0, 0, 1, 55])
    }

    @Test("A message that is cut anywhere, or goes on behind its end, is refused")
    func cuts() {
        for message in messages {
            let whole = message.encoded
            let ends = Set(0..<min(whole.count, 300)).union([whole.count - 1])
            for end in ends {
                if let part = read(Array(whole[..<end])) {
                    // Only between two records.
                    guard case .records(let all) = message, case .records(let some) = part else {
                        Issue.record("\(end) bytes of \(message) were read as \(part)")
                        continue
                    }
                    #expect(Array(all.prefix(some.count)) == some && some.count < all.count)
                }
            }
            #expect(read(whole + [0]) == nil)
        }
    }

    @Test("Another version, an unknown kind and nothing at all are refused")
    func otherVersions() {
        for bytes: [UInt8] in [[], [1], [1, 0], [1, 1], [0, 0] + .init(repeating: 0, count: 8), [2, 1], [1, 2]] {
            #expect(read(bytes) == nil)
        }
    }

    @Test(
        "Documents that are not canonical JSON are refused",
        arguments: [
            "{", "nul", "1 ", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "\"\\ud800\"", "1}},\"x\":{\"value\":1",
            "[1, 2]", "01",
        ])
    func hostileDocuments(text: String) {
        #expect(read(PresenceMessage.records([record("ann", text)]).encoded) == nil)
    }

    @Test("Ids, stamps, times and lengths beyond their bounds are refused")
    func bounds() {
        let good = PresenceMessage.records([record("ab", "7")]).encoded
        func changed(_ index: Int, _ value: UInt8) -> PresenceMessage? {
            var bytes = good
            bytes[index] = value
            return read(bytes)
        }
        #expect(read(good) != nil)
        #expect(changed(2, 0) == nil && changed(2, 200) == nil, "the id's length")
        #expect(changed(3, UInt8(ascii: "\"")) == nil && changed(3, UInt8(ascii: "-")) == nil, "the id")
        #expect(changed(5, 1) == nil, "a stamp of more than 48 bits")
        #expect(changed(21, 1) == nil, "longer than a client may stay")
        var over = good
        over.replaceSubrange(21..<25, with: [0, 0, 0, 0])
        #expect(read(over) == nil, "no time left")
        #expect(changed(25, 0x10) == nil, "a longer document than there is")
        let long = "\"\(String(repeating: "y", count: Self.documentBytes))\""
        #expect(read(PresenceMessage.records([record("ann", long)]).encoded) == nil)
        let many = (0..<40).map { record("c\($0)", "\"\(String(repeating: "y", count: Self.documentBytes - 2))\"") }
        #expect(read(PresenceMessage.records(many).encoded) == nil, "a message larger than any that is written")
    }

    @Test("Random damage is refused or read as something that stays within all bounds", arguments: 1...300)
    func damage(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for message in messages {
            var bytes = message.encoded
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<min(bytes.count, 200), using: &random)] = .random(in: 0...255, using: &random)
            }
            guard case .records(let records)? = read(bytes) else { continue }
            var table = PresenceTable(server: 1, limit: 2)
            for record in records { table.merge(record, at: .now) }
            // Stamps that follow what was read stay within their bounds too.
            for record in records { _ = table.put(record.client, [48], for: .seconds(1), at: .now, clock: 1) }
            #expect(read(PresenceMessage.records(records).encoded) == .records(records))
        }
    }
}
