// Merge patches are applied as they are read. What they have to mean is written down here on parsed values, as RFC 7396 section 2
// has it, and the two are compared on generated and damaged patches.

import Documents
import TestSupport
import Testing

@Suite("Properties of merge patches") struct MergePropertyTests {
    @Test("The outcome is what RFC 7396 defines, however the patch is spelled", arguments: 0..<200)
    func definition(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        var document = try json(generator.object(depth: 4))
        for _ in 0..<20 {
            let (text, patch) = try generator.mergePatch()
            let copy = document
            let before = document.encoded()
            let expected = merged(document, patch)
            try document.apply(Patch(parsing: text, kind: .mergePatch), time: 0)
            #expect(document.encoded() == expected.encoded(), "\(String(decoding: text, as: UTF8.self))")
            #expect(document.encodedCount == expected.encodedCount && document.depth == expected.depth)
            #expect(copy.encoded() == before)
            if generator.random.below(3) > 0 { #expect(document.encodeAndRemember() == expected.encoded()) }
        }
    }

    @Test("A patch that was made of a document means the same as one that was read", arguments: 0..<100)
    func madeOfDocument(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        var document = try json(generator.object(depth: 4))
        for _ in 0..<10 {
            let (_, patch) = try generator.mergePatch()
            let expected = merged(document, patch)
            try document.apply(Patch(patch, kind: .mergePatch), time: 0)
            #expect(document.encoded() == expected.encoded())
        }
    }

    @Test(
        "Limits hold to the byte and to the level, and who breaks them leaves the document as it was",
        arguments: 0..<200)
    func limits(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        var document = try json(generator.object(depth: 4))
        let before = document.encodeAndRemember()
        let (text, patch) = try generator.mergePatch()
        let expected = merged(document, patch)
        let (bytes, depth) = (expected.encodedCount, expected.depth)
        func outcome(_ limits: DocumentLimits) throws -> PatchFailure.Reason? {
            let patch = try Patch(parsing: text, kind: .mergePatch)
            do throws(PatchFailure) {
                try document.apply(patch, time: 0, limits: limits)
                return nil
            } catch {
                #expect(error.operation == nil && error.pointer == nil && document.encodeAndRemember() == before)
                return error.reason
            }
        }
        #expect(try outcome(DocumentLimits(maximumBytes: bytes - 1, maximumDepth: depth - 1)) == .stateTooLarge)
        #expect(try outcome(DocumentLimits(maximumBytes: bytes - 1, maximumDepth: depth)) == .stateTooLarge)
        #expect(try outcome(DocumentLimits(maximumBytes: bytes, maximumDepth: depth - 1)) == .tooDeep)
        #expect(try outcome(DocumentLimits(maximumDepth: depth - 1)) == .tooDeep)
        #expect(try outcome(DocumentLimits(maximumBytes: bytes, maximumDepth: depth)) == nil)
        #expect(document.encodeAndRemember() == expected.encoded())
    }

    @Test("Damaged patches are refused for the parser's reason and in its place, or mean what they say")
    func damaged() throws {
        var reasons: [String: Int] = [:]
        for seed in 0..<6_000 {
            var generator = DocumentGenerator(seed: UInt64(seed))
            let old = try json(generator.object(depth: 2))
            var (text, _) = try generator.mergePatch()
            for _ in 0...generator.random.below(2) { generator.damage(&text) }
            let limits = ParsingLimits(depth: generator.random.pick([1, 2, 3, 4, ParsingLimits.standardDepth]))
            let patch: Patch
            do throws(PatchError) {
                patch = try Patch(parsing: text, kind: .mergePatch, limits: limits)
            } catch {
                let expected = try #require(parsingError(text, limits: limits))
                #expect(error == .malformedJSON(expected))
                reasons["\(expected.reason)".prefix { $0 != "(" }.description, default: 0] += 1
                continue
            }
            reasons["none", default: 0] += 1
            var new = old
            try new.apply(patch, time: 0)
            #expect(try new.encoded() == merged(old, Document(parsing: text, limits: limits)).encoded())
        }
        // Damage of all kinds was there.
        let kinds = [
            "none", "unexpectedEnd", "unexpectedByte", "byteOrderMark", "invalidLiteral", "invalidNumber",
            "numberTooLong",
            "invalidEscape", "loneSurrogate", "controlCharacter", "invalidUTF8", "duplicateMember", "tooDeep",
            "trailingBytes",
        ]
        for kind in kinds { #expect(reasons[kind, default: 0] > 5, "\(kind)") }
    }
}

/// RFC 7396 section 2, on values.
private func merged(_ target: Document, _ patch: Document) -> Document {
    guard patch.kind == .object else { return patch }
    // By the bytes of the name, as Swift's strings compare otherwise than JSON's.
    var members: [[UInt8]: (String, Document)] = [:]
    for (name, value) in target.members { members[Array(name.utf8)] = (name, value) }
    for (name, value) in patch.members {
        let key = Array(name.utf8)
        members[key] = value.isNull ? nil : (name, merged(members[key]?.1 ?? .null, value))
    }
    return .object(Array(members.values))
}

extension DocumentGenerator {
    /// A merge patch, mostly an object, as freely spelled as JSON allows or as a log has it.
    fileprivate mutating func mergePatch() throws -> (text: [UInt8], value: Document) {
        let text = random.below(8) == 0 ? text(depth: 3) : object(depth: 3)
        let value = try json(text)
        return (random.below(3) == 0 ? Array(text.utf8) : value.encoded(), value)
    }

    /// Changes, takes away or adds a byte somewhere, or adds something that might be wrong where a value or a member begins.
    fileprivate mutating func damage(_ text: inout [UInt8]) {
        let place = random.below(max(text.count, 1))
        switch random.below(6) {
        case 0 where !text.isEmpty: text[place] = UInt8(random.below(256))
        case 1: text.insert(random.pick(Array("\"\\{}[],:0-eu ".utf8)), at: place)
        case 2 where !text.isEmpty: text.removeSubrange(random.pick([place..<place + 1, place..<text.count]))
        case _:
            let starts = text.indices.filter { "{[,:".utf8.contains(text[$0]) }.map { $0 + 1 }
            text.insert(contentsOf: random.pick(Self.insertions), at: random.pick([0] + starts))
        }
    }

    private static let insertions: [[UInt8]] =
        [
            #""a":1,"#, #""\u0061":2,"#, #""~":3,"~":4,"#, #""a":null,"b":null,"#, "[[[[[[", #"{"a":{"b":{"#, "-01,",
            "1.,", "nul",
            repeated("1", 1_001) + ",", #""\ud800","#, #""\ud83d\ude00","#, #""\x","#, "\"\u{1}\",", " ", "\u{FEFF}",
        ].map { Array($0.utf8) } + [Array("\"".utf8) + [0xC3], Array("\"".utf8) + [0xED, 0xA0, 0x80]]
}
