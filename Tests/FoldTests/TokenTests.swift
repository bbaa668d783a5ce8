import Testing

@testable import Fold

@Suite("Tokens and numbers")
struct TokenTests {
    @Test(
        "A token is understood bare, quoted and weak",
        arguments: ["mgz3k1-17", "\"mgz3k1-17\"", "W/\"mgz3k1-17\""])
    func forms(_ text: String) throws {
        let token = try #require(VersionToken(text))
        #expect(token.epoch.description == "mgz3k1")
        #expect(token.number == 17)
        #expect(token.description == "mgz3k1-17")
        #expect(PositionToken(text)?.number == 17)
    }

    @Test(
        "Whatever else is nonsense",
        arguments: [
            "", "-", "e", "e-", "-1", "e-01", "e--1", "e-+1", "e-1 ", " e-1", "\"e-1", "e-1\"", "\"", "\"\"", "W/e-1",
            "w/\"e-1\"", "W/\"e-1", "W/", "*", "e-1,e-2", "e_-1", "é-1", "e-１", "e-9007199254740992",
            "e-18446744073709551616", "\"\"e-1\"\"", "e-1\u{301}",
        ])
    func nonsense(_ text: String) {
        #expect(VersionToken(text) == nil)
    }

    @Test("The largest number is 2⁵³ − 1, because the scripts count in doubles")
    func largest() {
        #expect(VersionToken("e-9007199254740991")?.number == 9_007_199_254_740_991)
        #expect(maximumLogNumber == 9_007_199_254_740_991)
    }

    @Test("An epoch has 1 to 64 letters and digits")
    func epochs() {
        #expect(Epoch("") == nil)
        #expect(Epoch(String(repeating: "a", count: 64)) != nil)
        #expect(Epoch(String(repeating: "a", count: 65)) == nil)
        #expect(Epoch("a-b") == nil)
        #expect(Epoch("a b") == nil)
    }

    @Test("Versions of different epochs differ whatever their numbers")
    func epochsDiffer() {
        #expect(VersionToken("a-1") != VersionToken("b-1"))
        #expect(VersionToken("a-1") == VersionToken("\"a-1\""))
    }
}

@Suite("CRC-32C")
struct ChecksumTests {
    @Test(
        "The vectors of RFC 3720, section B.4, and the customary nine digits",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xff, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
            (
                [
                    0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14,
                    0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
                ], 0xD996_3A56
            ),
        ] as [([UInt8], UInt32)])
    func vectors(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(Checksum(bytes).value == expected)
    }

    @Test("In two pieces it is the same as in one, wherever the pieces meet")
    func pieces() {
        let bytes = (0..<100).map { UInt8($0 * 7 & 0xff) }
        let whole = Checksum(bytes)
        for split in 0...bytes.count {
            var checksum = Checksum(bytes[..<split])
            checksum.update(bytes[split...])
            #expect(checksum == whole, "split at \(split)")
        }
    }

    @Test("Bytes that do not lie in one piece of memory count alike")
    func notContiguous() {
        #expect(Checksum(Array("12345".utf8).reversed()) == Checksum(Array("54321".utf8)))
    }

    @Test("It is written with eight digits, leading zeros too")
    func digits() {
        #expect(Checksum(Array("123456789".utf8)).description == "e3069283")
        #expect(Checksum([]).description == "00000000")
    }
}
