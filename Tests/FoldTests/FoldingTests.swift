import Documents
import TestSupport
import Testing

@testable import Fold

@Suite("The fold")
struct FoldingTests {
    @Test("Before the first change the state is an empty object at version 0")
    func empty() throws {
        var state = try emptyState()
        #expect(state.position == 0 && state.version == 0 && state.logBytes == 0)
        #expect(String(decoding: state.snapshot().state, as: UTF8.self) == "{}")
    }

    @Test("An applied change moves position and version")
    func applied() throws {
        var state = try emptyState()
        let record = state.fold(try entry("a", #"{"title":"Plan"}"#))
        #expect(record.id?.description == "a" && record.rejection == nil)
        #expect(state.position == 1 && state.version == 1)
        #expect(state.text == #"{"title":"Plan"}"#)
    }

    @Test("A rejected change takes its position, not the version, and leaves the state as it was")
    func rejected() throws {
        var state = try emptyState()
        state.fold(try entry("a", #"{"n":"x"}"#))
        let patch = #"[{"op":"add","path":"/b","value":1},{"op":"increment","path":"/n","value":1}]"#
        let record = state.fold(try entry("b", patch, .cisternPatch))
        #expect(record.rejection == Rejection(.notANumber, operation: 1, pointer: "/n"))
        #expect(state.position == 2 && state.version == 1)
        #expect(state.text == #"{"n":"x"}"#)
        state.fold(try entry("c", #"{"m":1}"#))
        #expect(state.position == 3 && state.version == 3)
    }

    @Test("Preconditions are about the version when the change's turn comes")
    func preconditions() throws {
        var state = try emptyState()
        #expect(state.fold(try entry("a", "{}", if: .somethingApplied)).rejection == Rejection(.preconditionFailed))
        #expect(state.fold(try entry("b", "{}", if: .version(number: 0))).rejection == nil)
        #expect(state.version == 2)
        #expect(state.fold(try entry("c", "{}", if: .version(number: 0))).rejection == Rejection(.preconditionFailed))
        #expect(state.fold(try entry("d", "{}", if: .version(number: 2))).rejection == nil)
        #expect(state.fold(try entry("e", "{}", if: .somethingApplied)).rejection == nil)
        #expect(state.fold(try entry("f", "{}", if: .never)).rejection == Rejection(.preconditionFailed))
        #expect(state.position == 6 && state.version == 5)
    }

    @Test("A state may have exactly as many bytes as the limit says")
    func stateTooLarge() throws {
        let whole = #"{"a":"xxxxx"}"#
        for (limit, fits) in [(whole.utf8.count, true), (whole.utf8.count - 1, false)] {
            for (kind, text) in [
                (PatchKind.mergePatch, whole), (.jsonPatch, #"[{"op":"add","path":"/a","value":"xxxxx"}]"#),
            ] {
                var state = try emptyState(limits: DocumentLimits(maximumBytes: limit))
                let rejection = state.fold(try entry("a", text, kind)).rejection
                #expect(rejection?.reason == (fits ? nil : .stateTooLarge))
                #expect(state.text == (fits ? whole : "{}"))
            }
        }
    }

    @Test("A state may be as deep as the limit says")
    func tooDeep() throws {
        for (depth, fits) in [(3, true), (2, false)] {
            var state = try emptyState(limits: DocumentLimits(maximumDepth: depth))
            #expect(state.fold(try entry("a", #"{"a":{"b":[]}}"#)).rejection?.reason == (fits ? nil : .tooDeep))
        }
    }

    @Test("A change that costs too much work is rejected")
    func tooMuchWork() throws {
        var state = try emptyState(limits: DocumentLimits(maximumWork: 1))
        #expect(state.fold(try entry("a", #"{"a":[1,2,3]}"#)).rejection == nil)
        let record = state.fold(try entry("b", #"[{"op":"union","path":"/a","value":[9]}]"#, .cisternPatch))
        #expect(record.rejection?.reason == .tooMuchWork)
    }

    @Test("The time a change may use is that of its entry")
    func time() throws {
        var state = try emptyState()
        state.fold(try entry("a", #"[{"op":"timestamp","path":"/at"}]"#, .cisternPatch, time: 1_700_000_000_123))
        #expect(state.text == #"{"at":"2023-11-14T22:13:20.123Z"}"#)
    }

    @Test("Whatever bytes stand in the list take a position, and the log goes on behind them")
    func total() throws {
        var numbers = SeededNumbers(seed: 11)
        var state = try emptyState()
        let genuine = try entry("a", #"{"a":{"b":[1,2,3]}}"#)
        for round in 0..<3_000 {
            var garbage = genuine
            switch round % 3 {
            case 0:
                garbage = (0..<Int.random(in: 0...80, using: &numbers)).map { _ in
                    UInt8.random(in: 0...255, using: &numbers)
                }
            case 1: garbage.removeLast(Int.random(in: 1...garbage.count, using: &numbers))
            default:
                for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                    garbage[Int.random(in: garbage.indices, using: &numbers)] = UInt8.random(
                        in: 0...255, using: &numbers)
                }
            }
            let before = state.snapshot()
            let record = state.fold(garbage)
            #expect(state.position == UInt64(round + 1))
            if record.rejection != nil {
                #expect(Array(state.snapshot().state) == Array(before.state) && state.version == before.version)
            }
        }
        let version = state.position + 1
        #expect(state.fold(try entry("z", #"{"last":true}"#)).rejection == nil)
        #expect(state.version == version)
    }

    @Test("An entry whose patch is none is unreadable, and its id is kept")
    func unreadablePatch() throws {
        var state = try emptyState()
        let digest = try change("a", "{}").digest
        let entry = LogEntry.bytes(
            time: 1, id: try ChangeID("a"), kind: .jsonPatch, condition: .none, digest: digest, body: bytes("{}"))
        let record = state.fold(entry)
        #expect(
            record.record == ChangeRecord(id: try ChangeID("a"), digest: digest, rejection: Rejection(.unreadableEntry))
        )
        #expect(state.fold([]).id == nil)
        #expect(state.records.elements.count == 2)
    }
}

@Suite("The fold is a function of the log")
struct FoldDeterminismTests {
    /// A log of all kinds of change, some of them rejected, from one seed.
    private static func log(_ seed: UInt64, count: Int) throws -> [[UInt8]] {
        var numbers = SeededNumbers(seed: seed)
        let members = ["a", "b", "é", "e\u{301}", "list", "", "x/y", "~", "😀"]
        return try (0..<count).map { index in
            let member = members.randomElement(using: &numbers) ?? "a"
            let key = member.replacing("~", with: "~0").replacing("/", with: "~1")
            let number = ["1", "-0.50", "1e2", "12345678901234567890.1", "0"].randomElement(using: &numbers) ?? "0"
            let (kind, text): (PatchKind, String) =
                switch Int.random(in: 0..<9, using: &numbers) {
                case 0: (.mergePatch, #"{"\#(member)":\#(number)}"#)
                case 1: (.mergePatch, #"{"\#(member)":{"d":null,"c":\#(number)}}"#)
                case 2: (.mergePatch, #"{"list":[3,1,2,\#(number)]}"#)
                case 3: (.jsonPatch, #"[{"op":"add","path":"/list/-","value":{"k":\#(number)}}]"#)
                case 4: (.jsonPatch, #"[{"op":"remove","path":"/\#(key)"},{"op":"add","path":"/new","value":[]}]"#)
                case 5: (.jsonPatch, #"[{"op":"copy","from":"/list","path":"/\#(key)"}]"#)
                case 6: (.cisternPatch, #"[{"op":"increment","path":"/\#(key)","value":\#(number)}]"#)
                case 7: (.cisternPatch, #"[{"op":"union","path":"/list","value":[1,\#(number),"x"]}]"#)
                default: (.cisternPatch, #"[{"op":"timestamp","path":"/\#(key)"}]"#)
                }
            if index % 17 == 16 { return bytes("garbage \(index)") }
            let condition: FoldCondition = index % 11 == 10 ? .version(number: UInt64(index)) : .none
            return try entry("c-\(index)", text, kind, if: condition, time: 1_700_000_000_000 + UInt64(index))
        }
    }

    @Test("In one piece and in any split through snapshots it gives the same bytes", arguments: 0..<12)
    func splits(_ seed: UInt64) throws {
        let log = try Self.log(seed, count: 60)
        var whole = try emptyState()
        for entry in log { whole.fold(entry) }
        let expected = whole.snapshot().encoded()
        #expect(whole.version > 0 && whole.records.elements.contains { $0.rejection != nil })
        for split in 0...log.count {
            var head = try emptyState()
            for entry in log[..<split] { head.fold(entry) }
            let middle = try Snapshot(decoding: head.snapshot().encoded(), of: head.application)
            var tail = try ApplicationState(middle, epoch: middle.epoch, limits: .standard)
            for entry in log[split...] { tail.fold(entry) }
            #expect(tail.snapshot().encoded() == expected, "split at \(split)")
        }
    }

    @Test("The limits bite at the same change after a restart from a snapshot")
    func limitsAcrossSplits() throws {
        let limits = DocumentLimits(maximumBytes: 400, maximumDepth: 4, maximumWork: 40)
        for seed in UInt64(50)..<56 {
            let log = try Self.log(seed, count: 80)
            var whole = try emptyState(limits: limits)
            var stepwise = try emptyState(limits: limits)
            for entry in log {
                let one = whole.fold(entry)
                let other = stepwise.fold(entry)
                #expect(one.record == other.record)
                let snapshot = try Snapshot(decoding: stepwise.snapshot().encoded(), of: stepwise.application)
                stepwise = try ApplicationState(snapshot, epoch: snapshot.epoch, limits: limits)
            }
            #expect(whole.snapshot().encoded() == stepwise.snapshot().encoded())
        }
    }

    @Test("Another epoch in the middle of a log does not change what is applied")
    func epochs() throws {
        let log = try Self.log(99, count: 60)
        var whole = try emptyState(epoch: "e2")
        var head = try emptyState(epoch: "e1")
        for entry in log { whole.fold(entry) }
        for entry in log[..<30] { head.fold(entry) }
        var tail = try ApplicationState(head.snapshot(), epoch: whole.epoch, limits: .standard)
        for entry in log[30...] { tail.fold(entry) }
        #expect(tail.snapshot().encoded() == whole.snapshot().encoded())
    }

    @Test("A fixed log gives the same bytes in every process and for ever")
    func golden() throws {
        var state = try emptyState("golden", epoch: "mgz3k1")
        state.fold(try entry("a", #"{"b":{"y":1.50,"x":[true,null]},"é":1,"a":"\u00e9\n"}"#))
        state.fold(try entry("b~1", #"[{"op":"increment","path":"/b/y","value":0.125}]"#, .cisternPatch))
        state.fold(try entry("b~2", #"[{"op":"test","path":"/no\nne","value":1}]"#, .jsonPatch))
        state.fold(bytes("not an entry"))
        state.fold(try entry("c", #"[{"op":"timestamp","path":"/t"}]"#, .cisternPatch))
        state.fold(try entry("d", #"{"z":1}"#, if: .version(number: 4)))
        #expect(String(decoding: state.snapshot().encoded(), as: UTF8.self) == Self.goldenText)
    }

    private static let goldenText = ##"""
        cistern2 e0f5c496 golden mgz3k1 6 5 1 475 6 303 86
        36 a a5862d901ec425f009bfd8d5eccd503f +
        38 b~1 b159c204e9a3d2d5aa1a08b26e703eb9 +
        60 b~2 6f63bb2d1cdb2b1880ec5b2ba9d02ab1 path-not-found 0 /no
        ne
        53 - 00000000000000000000000000000000 unreadable-entry -
        36 c b3462a7f107f1c30dca50d013f6a8311 +
        56 d 9e36dd4649b03addbaf22d0207ad3fcb precondition-failed -
        {"a":"\u00e9\n","b":{"x":[true,null],"y":1.625},"t":"2023-11-14T22:13:20.000Z","é":1}
        """##

    @Test("Records can be kept to the last ones, and the log's bytes are counted all along")
    func records() throws {
        let log = try Self.log(5, count: 20)
        var state = try emptyState()
        for entry in log { state.fold(entry) }
        #expect(state.logBytes == UInt64(log.map(\.count).reduce(0, +)))
        state.keepRecords(3)
        #expect(state.records.elements.map(\.id?.description) == ["c-17", "c-18", "c-19"])
    }
}
