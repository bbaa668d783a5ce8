// Documents and patches: whatever the bytes are, an error that says why or a value that is written as it is read.

import Documents

func fuzzDocuments(_ input: [UInt8]) {
    guard let document = try? Document(parsing: input) else { return }
    let encoded = document.encoded()
    promise(document.encodedCount == encoded.count, "The size of the encoding is known")
    guard let again = try? Document(parsing: encoded) else { return promise(false, "What was encoded parses") }
    promise(again.encoded() == encoded, "An encoding is encoded as itself")
    promise(again == document, "What was encoded is the same value")
    let normalized = document.normalized()
    guard let normal = try? Document(parsing: normalized) else { return promise(false, "A normal form parses") }
    promise(normal == document && normal.normalized() == normalized, "A normal form is the same value and its own")
}

/// A byte for the kind, a patch, a byte 0, a document.
func fuzzPatches(_ input: [UInt8]) {
    guard let first = input.first, let end = input.firstIndex(of: 0) else { return }
    let kinds = PatchKind.allCases
    let kind = kinds[Int(first) % kinds.count]
    guard end > 0, let patch = try? Patch(parsing: input[1..<end], kind: kind),
        let old = try? Document(parsing: Array(input[(end + 1)...]))
    else { return }
    var new = old
    do { try new.apply(patch, time: 0, limits: DocumentLimits()) } catch {
        return promise(new == old, "A patch applies whole or not at all")
    }
    let encoded = new.encoded()
    guard let read = try? Document(parsing: encoded) else { return promise(false, "A patched document parses") }
    promise(read.encoded() == encoded && read == new, "A patched document is written as it is read")
    differences(from: old, to: new, encoded)
}

private func differences(from old: Document, to new: Document, _ encoded: [UInt8]) {
    var patched = old
    do { try patched.apply(Patch(Document.jsonPatch(from: old, to: new), kind: .jsonPatch), time: 0) } catch {
        promise(false, "A difference applies: \(error)")
    }
    promise(patched.encoded() == encoded, "A difference leads to the very bytes")
    guard let merge = Document.mergePatch(from: old, to: new) else { return }
    patched = old
    do { try patched.apply(Patch(merge, kind: .mergePatch), time: 0) } catch {
        promise(false, "A difference applies: \(error)")
    }
    promise(patched.encoded() == encoded, "A merge patch leads to the very bytes")
}
