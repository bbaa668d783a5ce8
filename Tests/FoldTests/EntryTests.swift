import Documents
import Testing

@testable import Fold

@Suite("Log entries")
struct EntryTests {
    @Test("An entry that was written is read again as it was")
    func roundTrip() throws {
        let conditions: [FoldCondition] = [.none, .somethingApplied, .version(number: 0), .version(number: 77), .never]
        for kind in PatchKind.allCases {
            for condition in conditions {
                let change = try change("c~12", kind == .mergePatch ? #"{"a":"x\ny"}"# : "[]", kind)
                let written = LogEntry.bytes(
                    time: 1_700_000_000_123, id: change.id, kind: kind, condition: condition, digest: change.digest,
                    body: change.body)
                let read = try #require(LogEntry(written))
                #expect(read.time == 1_700_000_000_123)
                #expect(read.id == change.id)
                #expect(read.kind == kind)
                #expect(read.condition == condition)
                #expect(read.digest == change.digest)
                #expect(Array(read.body) == change.body)
            }
        }
    }

    @Test("The longest id fits into an entry")
    func longest() throws {
        let id = String(repeating: "x", count: 128)
        #expect(LogEntry(try entry(id, "{}", if: .version(number: maximumLogNumber)))?.id.description == id)
    }

    @Test(
        "What is no entry is told apart",
        arguments: [
            "", "\n", "x", "{}", "1 2 3 4 5 6", "2 1 c m - D\n{}", "1 01 c m - D\n{}", "1 x c m - D\n{}",
            "1 1 -c m - D\n{}",
            "1 1 c x - D\n{}", "1 1 c m ? D\n{}", "1 1 c m =01 D\n{}", "1 1 c m - d\n{}", "1 1 c m - D x\n{}",
            "1  1 c m - D\n{}",
            "1 1 c m -\n{}", " 1 1 c m - D\n{}", "1 1 c m - D \n{}", "1 1 c m - D\r\n{}", "1 1 c mm - D\n{}",
            "1 1 c~0 m - D\n{}",
        ])
    func garbage(_ text: String) {
        let digest = String(repeating: "0a", count: 16)
        #expect(LogEntry(bytes(text.replacing("D", with: digest))) == nil)
        #expect(LogEntry(bytes("1 1 c m - \(digest)\n{}")) != nil)
    }

    @Test("An endless first line is not searched to its end")
    func endless() {
        #expect(LogEntry([UInt8](repeating: UInt8(ascii: "1"), count: 100_000) + [10]) == nil)
    }
}

@Suite("Digests")
struct DigestTests {
    @Test("Spelling does not make another change: white space, order of members, notation of numbers")
    func spelling() throws {
        let one = try change("a", #"{"a":1,"b":[1.0,"é"]}"#)
        let other = try change("a", #" { "b" : [ 10e-1 , "\u00e9" ] , "a" : 1.0 } "#)
        #expect(one.digest == other.digest)
    }

    @Test("Kind, precondition and value make another change")
    func differences() throws {
        let token = try #require(VersionToken("e-1"))
        let other = try #require(VersionToken("f-1"))
        let digests = [
            try change("a", "[]", .jsonPatch), try change("a", "[]", .cisternPatch), try change("a", "[]", .mergePatch),
            try change("a", "{}"), try change("a", "{}", if: .somethingApplied),
            try change("a", "{}", if: .nothingApplied),
            try change("a", "{}", if: .version(token)), try change("a", "{}", if: .version(other)),
            try change("a", #"{"a":1}"#),
            try change("a", #"{"a":"1"}"#),
        ].map(\.digest)
        #expect(Set(digests).count == digests.count)
    }

    @Test("The id is no part of it")
    func sameDigest() throws {
        #expect(try change("a", "{}").digest == change("b", "{}").digest)
    }

    @Test("It is the first half of SHA-256 over kind, precondition and value, so that other releases find the same")
    func golden() throws {
        #expect(try change("a", #"{"a":1.0}"#).digest.description == "b9a07a7914d4108d8b1cc73805868d2f")
        #expect(
            try change("a", "[]", .jsonPatch, if: .somethingApplied).digest.description
                == "be2a94ac2a8ca25d785edd9ae7e2260c")
    }

    @Test("A digest's text has 32 hexadecimal digits in lower case, and nothing else is one")
    func text() throws {
        let digest = try change("a", "{}").digest
        #expect(ChangeDigest(digest.description) == digest)
        #expect(ChangeDigest(digest.description.uppercased() + "A") == nil)
        #expect(ChangeDigest(String(repeating: "A", count: 32)) == nil)
        #expect(ChangeDigest(String(repeating: "0", count: 31)) == nil)
        #expect(ChangeDigest(String(repeating: "g", count: 32)) == nil)
    }
}

@Suite("Conditions")
struct ConditionTests {
    @Test("What a sender demands becomes what the log keeps, free of epochs")
    func resolving() throws {
        let token = try #require(VersionToken("e7-5"))
        #expect(FoldCondition.resolving(.none).condition == .none)
        #expect(FoldCondition.resolving(.somethingApplied).condition == .somethingApplied)
        #expect(FoldCondition.resolving(.nothingApplied).condition == .version(number: 0))
        #expect(FoldCondition.resolving(.version(token)).condition == .version(number: 5))
        #expect(FoldCondition.resolving(.version(token)).epoch == token.epoch)
        #expect(FoldCondition.resolving(.nothingApplied).epoch == nil)
    }

    @Test("Each condition holds for the versions it names and no others")
    func holding() {
        let holding: [(FoldCondition, Set<UInt64>)] = [
            (.none, [0, 1, 2]), (.somethingApplied, [1, 2]), (.version(number: 0), [0]), (.version(number: 2), [2]),
            (.never, []),
        ]
        for (condition, versions) in holding {
            for version in UInt64(0)...2 {
                #expect(condition.holds(atVersion: version) == versions.contains(version), "\(condition) at \(version)")
            }
            #expect(FoldCondition(condition.description) == condition)
        }
    }

    @Test(
        "Other texts are no condition",
        arguments: ["", "=", "=x", "=-1", "=01", "==1", "--", "**", "-\u{301}", "=9007199254740992"])
    func nonsense(_ text: String) {
        #expect(FoldCondition(text) == nil)
    }
}

@Suite("Rejections")
struct RejectionTests {
    @Test("A rejection's text gives the rejection again, whatever stands in its pointer")
    func roundTrip() {
        let pointers: [String?] = [
            nil, "", "/a", "/a b", "/a\nb", "/\r\n", "/ ", "/é\u{301}", "/\u{0}", " ", "/\u{2028}",
        ]
        for reason in Rejection.Reason.allCases {
            for operation in [nil, 0, 12] as [Int?] {
                for pointer in pointers {
                    let rejection = Rejection(reason, operation: operation, pointer: pointer)
                    #expect(Rejection(rejection.description) == rejection)
                }
            }
        }
    }

    @Test("A long pointer is cut, wherever the cut falls in a character, and stays the same from then on")
    func longPointers() throws {
        for length in 250...260 {
            for tail in ["x", "é", "€", "😀"] {
                let pointer = "/" + String(repeating: "x", count: length) + String(repeating: tail, count: 20)
                let rejection = Rejection(.testFailed, operation: 1, pointer: pointer)
                #expect(try #require(rejection.pointer).utf8.count <= Rejection.maximumPointerBytes + 6)
                #expect(Rejection(rejection.description) == rejection)
            }
        }
    }

    @Test(
        "Other texts are no rejection",
        arguments: ["", "test-failed", "test-failed x", "no-such-reason -", " -", "test-failed - "])
    func nonsense(_ text: String) {
        let read = Rejection(text)
        #expect(read == nil || text == "test-failed - " && read?.pointer == "")
    }

    @Test("Every way a patch can fail has a reason of its own")
    func failures() {
        let reasons = PatchFailure.Reason.allCases.map { Rejection(PatchFailure($0)).reason.rawValue }
        #expect(reasons == PatchFailure.Reason.allCases.map(\.rawValue))
    }
}
