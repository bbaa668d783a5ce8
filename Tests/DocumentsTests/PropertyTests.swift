import Documents
import Testing

@Suite("Properties of generated documents") struct PropertyTests {
    @Test("Decoding an encoding gives the same bytes again", arguments: 0..<400)
    func roundTrip(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        let document = try json(generator.text())
        let encoded = document.encoded()
        #expect(document.encodedCount == encoded.count)
        let again = try Document(parsing: encoded)
        #expect(
            again.encoded() == encoded && again == document && again.isSpelledLike(document)
                && again.depth == document.depth)
        var remembered = document
        #expect(remembered.encodeAndRemember() == encoded && remembered.encoded() == encoded)
    }

    @Test("Normal forms are the same exactly if documents are equal", arguments: 0..<40)
    func normalForms(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        let documents = try (0..<30).map { _ in try json(generator.text(depth: 1)) }
        for a in documents {
            #expect(try Document(parsing: a.normalized()) == a)
            #expect(try Document(parsing: a.normalized()).normalized() == a.normalized())
            for b in documents { #expect((a == b) == (a.normalized() == b.normalized()), "\(a.text) \(b.text)") }
        }
    }

    @Test("What counts as normalized is encoded as its normal form")
    func normalizedAlready() throws {
        var normalized = 0
        for seed in 0..<2_000 {
            var generator = DocumentGenerator(seed: UInt64(seed))
            let document = try json(generator.text(depth: 2))
            guard document.isNormalized else { continue }
            normalized += 1
            #expect(document.encoded() == document.normalized(), "\(document.text)")
        }
        #expect(normalized > 100)
    }

    @Test("A difference makes the new document out of the old one, byte for byte", arguments: 0..<400)
    func differences(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        generator.hasNulls = seed % 2 == 0
        let old = try json(seed % 3 == 0 ? generator.text() : generator.object(depth: 4))
        var new = old
        if seed % 5 == 0 { new = try json(generator.text()) }
        for _ in 0..<3 { try? new.apply(Patch(generator.operations(for: new), kind: .cisternPatch), time: 0) }
        var patched = old
        try patched.apply(Patch(Document.jsonPatch(from: old, to: new), kind: .jsonPatch), time: 0)
        #expect(patched.encoded() == new.encoded())
        if let difference = Document.mergePatch(from: old, to: new) {
            patched = old
            try patched.apply(Patch(difference, kind: .mergePatch), time: 0)
            #expect(patched.encoded() == new.encoded())
        } else {
            #expect(new.text.contains("null"))
        }
        // Without anything shared it is the same.
        let parsed = try Document(parsing: new.encoded())
        #expect(Document.jsonPatch(from: old, to: parsed).text == Document.jsonPatch(from: old, to: new).text)
        #expect(Document.jsonPatch(from: parsed, to: new).count == 0)
    }

    @Test(
        "After any patches, counts and remembered encodings are those of a fresh parse; failed ones leave no trace",
        arguments: 0..<50)
    func incremental(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        var document = try json(generator.object(depth: 5))
        var older: [(document: Document, bytes: [UInt8])] = []
        for step in 0..<60 {
            let before = document.encoded()
            do {
                if step % 4 == 0 {
                    try document.apply(Patch(try json(generator.object(depth: 3)), kind: .mergePatch), time: 0)
                } else {
                    try document.apply(Patch(generator.operations(for: document), kind: .cisternPatch), time: 0)
                }
            } catch is PatchFailure {
                #expect(document.encoded() == before)
            } catch is PatchError {
                #expect(document.encoded() == before)
            }
            let fresh = try Document(parsing: document.encoded())
            #expect(fresh.encodedCount == document.encodedCount && fresh.depth == document.depth && fresh == document)
            // Some changes share one encoding, as in a fold, and some documents go on from a copy.
            if generator.random.below(3) > 0 { #expect(document.encodeAndRemember() == fresh.encoded()) }
            if generator.random.below(6) == 0 { older.append((document, document.encoded())) }
            if generator.random.below(12) == 0, let (copy, _) = older.randomElement(using: &generator.random) {
                document = copy
            }
        }
        for (copy, bytes) in older {
            var copy = copy
            #expect(copy.encodeAndRemember() == bytes)
        }
    }

    @Test("Patches applied one by one or after a detour through bytes have the same outcome", arguments: 0..<60)
    func determinism(_ seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(seed))
        var kept = try json(generator.object(depth: 4))
        var rebuilt = kept
        let limits = DocumentLimits(maximumBytes: kept.encodedCount + 200, maximumDepth: 7, maximumWork: 300)
        for _ in 0..<40 {
            let patch = generator.operations(for: kept)
            rebuilt = try Document(parsing: rebuilt.encoded())
            let outcomes = [outcome(of: patch, on: &kept, limits), outcome(of: patch, on: &rebuilt, limits)]
            #expect(outcomes[0] == outcomes[1])
            #expect(kept.encoded() == rebuilt.encoded())
        }
    }

    private func outcome(of patch: Document, on document: inout Document, _ limits: DocumentLimits) -> String {
        do {
            try document.apply(Patch(patch, kind: .cisternPatch), time: 1, limits: limits)
            return "applied"
        } catch {
            return "\(error)"
        }
    }
}
