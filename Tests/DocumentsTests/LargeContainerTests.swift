import Documents
import TestSupport
import Testing

/// Containers of more entries than fit into one piece, against plain Swift collections.
@Suite("Large containers") struct LargeContainerTests {
    @Test("An object is what a dictionary says through runs of insertions and removals", arguments: 0..<6)
    func object(_ seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        var model: [Int: Int] = [:]
        var document = Document.emptyObject
        for step in 0..<250 {
            // Runs of neighbours fill and empty whole pieces; what is counted from both ends hits the boundaries.
            let start = 1_000 + random.below(600)
            let run = start..<start + 1 + random.below(random.pick([1, 4, 150]))
            let isRemoval = random.below(2) == 0
            if step % 2 == 0 {
                let changes = run.map { ("\($0)", isRemoval ? Document.null : .integer(step)) }
                try document.apply(Patch(.object(changes), kind: .mergePatch), time: 0)
                for key in run { model[key] = isRemoval ? nil : step }
            } else {
                let keys = run.filter { !isRemoval || model[$0] != nil }
                let operations = keys.map { key in
                    Document.object([
                        ("op", .string(isRemoval ? "remove" : "add")), ("path", .string("/\(key)")),
                        ("value", .integer(step)),
                    ])
                }
                let patch = try Patch(.array(operations), kind: .jsonPatch)
                try document.apply(patch, time: 0)
                for key in keys { model[key] = isRemoval ? nil : step }
                // The same once more, taken back by a failure at its end.
                let failing = Document.array(
                    operations.shuffled(using: &random) + [
                        .object([("op", .string("remove")), ("path", .string("/x"))])
                    ])
                #expect(throws: PatchFailure.self) { try document.apply(Patch(failing, kind: .jsonPatch), time: 0) }
            }
            let expected =
                "{" + model.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
            #expect(document.encodedCount == expected.utf8.count && document.count == model.count)
            #expect((random.below(2) == 0 ? document.encodeAndRemember() : document.encoded()) == Array(expected.utf8))
            let key = 1_000 + random.below(800)
            #expect(document["\(key)"]?.integerValue == model[key])
        }
    }

    @Test("An array is what an array says through insertions, removals and moves anywhere", arguments: 0..<6)
    func array(_ seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(100 + seed))
        var model = Array(0..<300)
        var document = Document.array(model.map { .integer($0) })
        for step in 0..<150 {
            var operations: [Document] = []
            let isShrinking = random.below(2) == 0
            for _ in 0..<1 + random.below(40) {
                let place = random.pick([0, random.below(model.count + 1), model.count])
                if isShrinking && model.count > 2 {
                    let index = min(place, model.count - 1)
                    model.remove(at: index)
                    operations.append(.object([("op", .string("remove")), ("path", .string("/\(index)"))]))
                } else if random.below(4) == 0 && !model.isEmpty {
                    let from = random.below(model.count)
                    let element = model.remove(at: from)
                    let to = random.below(model.count + 1)
                    model.insert(element, at: to)
                    operations.append(
                        .object([("op", .string("move")), ("from", .string("/\(from)")), ("path", .string("/\(to)"))]))
                } else {
                    model.insert(step, at: place)
                    operations.append(
                        .object([("op", .string("add")), ("path", .string("/\(place)")), ("value", .integer(step))]))
                }
            }
            try document.apply(Patch(.array(operations), kind: .jsonPatch), time: 0)
            #expect(
                document.encodeAndRemember() == Array(("[" + model.map(String.init).joined(separator: ",") + "]").utf8))
            let index = random.below(model.count)
            #expect(document[index]?.integerValue == model[index])
        }
    }

    @Test("A piece that is emptied between full ones leaves no comma behind")
    func emptiedPiece() throws {
        // Added in order, so that pieces are full: 64 members each.
        var document = try json("{" + (1_000..<1_256).map { "\"\($0)\":1" }.joined(separator: ",") + "}")
        try document.apply(Patch(.object((1_064..<1_128).map { ("\($0)", .null) }), kind: .mergePatch), time: 0)
        #expect(document.count == 192)
        #expect(document.encodedCount == document.encoded().count)
        #expect(try Document(parsing: document.encodeAndRemember()) == document)
    }
}
