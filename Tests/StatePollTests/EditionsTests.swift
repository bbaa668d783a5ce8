import Documents
import Fold
import NIOCore
import TestSupport
import Testing

@testable import StatePoll

@Suite("The last versions and what leads from one to the next")
struct EditionsTests {
    private let padding = #","pad":"\#(String(repeating: "x", count: 2_000))""#

    private func text(_ update: Update?) -> String? {
        switch update?.change {
        case .nothing: "nothing"
        case .missing: "missing"
        case .full(let content): "full " + String(buffer: content.plain)
        case .patch(let patch): "patch " + String(buffer: patch)
        case nil: nil
        }
    }

    private func view(_ path: String = "", _ delta: DeltaForm? = nil) throws -> View {
        View(path: try StatePath(path), delta: delta)
    }

    @Test("Who has the newest version gets nothing, who has none the full state, and both without waiting")
    func trivial() throws {
        let editions = Editions()
        editions.add(try served(#"{"a":1}"#, position: 1))
        for (have, expected) in [(1, "nothing"), (nil, #"full {"a":1}"#), (7, #"full {"a":1}"#)] as [(UInt64?, String)]
        {
            let step = Step(have: try have.map { try version($0) }, view: try view("", .mergePatch))
            guard case .update(let update) = editions.ask(step) else {
                Issue.record("\(expected) has to be worked out")
                continue
            }
            #expect(text(update) == expected)
        }
        editions.add(nil)
        guard case .nothing = editions.ask(Step(have: nil, view: View())) else {
            Issue.record("What is gone is still served")
            return
        }
    }

    @Test("A delta is worked out once and leads from any of the last versions to the newest, in both forms")
    func deltas() async throws {
        let editions = Editions()
        for number in 1...3 as ClosedRange<UInt64> {
            editions.add(try served(#"{"a":\#(number),"b":[\#(number)]\#(padding)}"#, position: number * 10))
        }
        let step = Step(have: try version(10), view: try view("", .mergePatch))
        guard case .later = editions.ask(step) else {
            Issue.record("Nobody has asked before")
            return
        }
        #expect(text(await editions.update(step)) == #"patch {"a":3,"b":[3]}"#)
        guard case .update(let again) = editions.ask(step) else {
            Issue.record("It is not kept")
            return
        }
        #expect(text(again) == #"patch {"a":3,"b":[3]}"#)
        let other = Step(have: try version(20), view: try view("", .jsonPatch))
        #expect(
            text(await editions.update(other))
                == #"patch [{"op":"replace","path":"/a","value":3},{"op":"replace","path":"/b/0","value":3}]"#)
        // A version that was never served here, or of another epoch, leads nowhere.
        for unknown in [try version(15), try version(10, epoch: "e2")] {
            let update = await editions.update(Step(have: unknown, view: try view("", .mergePatch)))
            #expect(text(update)?.hasPrefix("full") == true)
        }
    }

    @Test("Where a merge patch cannot say it, or would not be smaller, the full state comes")
    func inexpressible() async throws {
        let cases = [
            (#"{"a":1\#(padding)}"#, #"{"a":null\#(padding)}"#, "full"), (#"{"a":1}"#, #"{"b":2}"#, "full"),
            (#"{"a":null\#(padding)}"#, #"{"a":null,"b":2\#(padding)}"#, "patch"),
            (#"[1]"#, #"[2]"#, "full"), ("null", "{}", "full"),
        ]
        for (old, new, kind) in cases {
            let editions = Editions()
            editions.add(try served(old, position: 1))
            editions.add(try served(new, position: 2))
            let update = await editions.update(Step(have: try version(1), view: try view("", .mergePatch)))
            #expect(text(update)?.hasPrefix(kind) == true, "\(old.prefix(12)) to \(new.prefix(12))")
        }
    }

    @Test(
        "A part that did not change is no news; one that did comes alone, whole or as a delta about it; one that is not there is missing"
    )
    func parts() async throws {
        let editions = Editions()
        let list = Array(0..<400).map(String.init).joined(separator: ",")
        editions.add(try served(#"{"a":{"b":[\#(list)]},"c":1}"#, position: 1))
        editions.add(try served(#"{"a":{"b":[\#(list)]},"c":2}"#, position: 2))
        editions.add(try served(#"{"a":{"b":[\#(list),9]},"c":2}"#, position: 3))
        func update(_ have: UInt64?, _ path: String, _ delta: DeltaForm? = nil) async throws -> String? {
            text(await editions.update(Step(have: try have.map { try version($0) }, view: try view(path, delta))))
        }
        #expect(try await update(2, "/c") == "nothing")
        #expect(try await update(1, "/c") == "full 2")
        #expect(try await update(nil, "/a/b/400") == "full 9")
        #expect(try await update(1, "/a/b", .jsonPatch) == #"patch [{"op":"add","path":"/400","value":9}]"#)
        #expect(try await update(1, "/a/b/400") == "full 9")
        #expect(try await update(1, "/nowhere") == "missing")
        #expect(try await update(3, "/nowhere") == "nothing")
    }

    @Test("Versions are bounded by number and by bytes, the newest always stays")
    func bounds() async throws {
        func isKnown(_ number: UInt64, in editions: Editions) async throws -> Bool {
            let update = await editions.update(Step(have: try version(number), view: try view("", .mergePatch)))
            return text(update)?.hasPrefix("patch") ?? false
        }
        let few = Editions(limits: .init(versions: 3))
        for number in 1...10 as ClosedRange<UInt64> {
            few.add(try served(#"{"a":\#(number)\#(padding)}"#, position: number))
        }
        for number in 1...9 as ClosedRange<UInt64> {
            let isThere = try await isKnown(number, in: few)
            #expect(isThere == (number >= 7), "\(number)")
        }
        let small = Editions(limits: .init(bytes: 5_000))
        for number in 1...10 as ClosedRange<UInt64> {
            small.add(try served(#"{"a":\#(number)\#(padding)}"#, position: number))
        }
        #expect(try await isKnown(8, in: small))
        let isOldThere = try await isKnown(7, in: small)
        #expect(!isOldThere)
        #expect(small.bytes < 20_000)
        small.forget()
        let isForgottenThere = try await isKnown(9, in: small)
        #expect(!isForgottenThere)
        #expect(small.bytes == 0)
    }

    @Test("A new epoch has no earlier versions; a position that moves on makes no new version")
    func epochs() async throws {
        let editions = Editions()
        editions.add(try served(#"{"a":1\#(padding)}"#, position: 1))
        editions.add(try served(#"{"a":1\#(padding)}"#, position: 5, version: 1))
        guard case .update(let update) = editions.ask(Step(have: try version(1), view: View())) else {
            Issue.record("The same version is another one")
            return
        }
        #expect(text(update) == "nothing" && update.to.position == 5)
        editions.add(try served(#"{"a":2\#(padding)}"#, epoch: "e2", position: 1))
        let after = await editions.update(Step(have: try version(1), view: try view("", .mergePatch)))
        #expect(text(after)?.hasPrefix("full") == true)
    }

    @Test("gzip comes from a kibibyte on, is made once, and says the same")
    func gzip() async throws {
        let editions = Editions()
        let state = try served(#"{"a":1\#(padding)}"#, position: 1)
        editions.add(state)
        let step = Step(have: nil, view: View(), coding: .gzip)
        guard case .later = editions.ask(step) else {
            Issue.record("Nobody has compressed it")
            return
        }
        let update = await editions.update(step)
        guard case .full(let content) = update?.change, let coded = content.gzip else {
            Issue.record("It is not compressed")
            return
        }
        #expect(coded.readableBytes < 200 && coded.readableBytesView.starts(with: [0x1f, 0x8b, 8]))
        guard case .update = editions.ask(step) else {
            Issue.record("It is not kept")
            return
        }
        #expect(content === state.content)
        editions.add(try served("{}", position: 2))
        guard case .update(let small) = editions.ask(step), case .full(let plain) = small.change else {
            Issue.record("What is small is compressed too")
            return
        }
        #expect(plain.gzip == nil)
    }

    @Test("Random walks: every delta from every version makes the newest one, byte for byte", arguments: 0..<20)
    func walks(seed: UInt64) async throws {
        var numbers = SeededNumbers(seed: seed)
        let editions = Editions()
        var state = try Document(
            parsing: Array(#"{"a":{"b":[1,2,3],"c":null},"d":"\#(String(repeating: "y", count: 300))"}"#.utf8))
        var states: [(position: UInt64, state: Document)] = []
        for position in 1...12 as ClosedRange<UInt64> {
            let paths = [
                "/a/x\(numbers.pick([0, 1, 2, 3]))", "/a/b/\(numbers.pick([0, 1, 2]))", "/e\(numbers.pick([0, 1, 2]))",
            ]
            let values = ["1", "null", #"{"n":[]}"#, #"[{"m":null},2]"#, #""ü""#]
            let path = numbers.pick(paths)
            let value = numbers.pick(values)
            let patch = try Patch(
                parsing: Array(#"[{"op":"add","path":"\#(path)","value":\#(value)}]"#.utf8), kind: .jsonPatch)
            // Where a walk has taken the parent away, there is nothing to change.
            do { try state.apply(patch, time: 0) } catch { continue }
            states.append((position, state))
            editions.add(try served(state.text, position: position))
        }
        for (position, old) in states {
            for form in DeltaForm.allCases {
                let step = Step(have: try version(position), view: try view("", form))
                guard let update = await editions.update(step) else { continue }
                switch update.change {
                case .nothing: #expect(position == states.last?.position)
                case .missing: Issue.record("The whole is missing")
                case .full(let content): #expect(String(buffer: content.plain) == state.text)
                case .patch(let bytes):
                    let kind: PatchKind = form == .mergePatch ? .mergePatch : .jsonPatch
                    let patch = try Patch(parsing: Array(bytes.readableBytesView), kind: kind)
                    var made = old
                    try made.apply(patch, time: 0)
                    #expect(made.text == state.text)
                }
            }
        }
    }
}
