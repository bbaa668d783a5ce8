// What is said of an operation in its application's state: a change like any other.

import Crypto
package import Documents
package import Fold

/// A place in a state, of members of objects: where an operation is to be seen.
package struct PublicationPlace: Hashable, Sendable {
    /// As a JSON Pointer.
    package let text: String
    private let names: [String]

    package struct Fault: Error {
        package let message: String
    }

    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= OperationLimits.placeBytes else {
            throw Fault(message: "“publish” has more than \(OperationLimits.placeBytes) bytes.")
        }
        do { _ = try JSONPointer(parsing: text) } catch { throw Fault(message: "\(error.message).") }
        names = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
        guard (1...OperationLimits.placeDepth).contains(names.count) else {
            throw Fault(message: "“publish” leads 1 to \(OperationLimits.placeDepth) members deep.")
        }
        self.text = text
    }

    /// The value and everything around it, as a merge patch.
    func patch(_ value: Document) -> Document {
        names.reversed().reduce(value) { inner, name in .object([(name, inner)]) }
    }

    /// A change as each of its publications is one, so that it can be asked beforehand whether somebody may.
    package func change(id: ChangeID) throws(PatchError) -> Change {
        try Publication(status: .queued, progress: nil, result: nil, place: self).change(id: id)
    }
}

/// One status of an operation, or how far it is by then, as the scripts put it down.
package struct Publication: Sendable {
    let status: OperationStatus
    let progress: Document?
    let result: Document?
    let place: PublicationPlace

    /// The change that says it. Whoever makes it of the same entry makes the same one, id and all, so that it gets into the log once.
    ///
    /// - Parameter entry: `<number> <milliseconds> <status>`, and in lines of their own the place as a JSON string, the progress as JSON,
    ///   media type and digest of the result. The number and the time make it another one than any other of this operation, also if Redis
    ///   has lost the last ones.
    /// - Returns: nil if it is no entry.
    package static func change(
        for entry: [UInt8], of id: OperationID, in application: ApplicationID
    ) -> Change? {
        let lines = entry.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == 5,
            let status = String(decoding: lines[0], as: UTF8.self).split(separator: " ").last
                .flatMap({ OperationStatus(rawValue: String($0)) }),
            let text = (try? Document(parsing: Array(lines[1])))?.stringValue,
            let place = try? PublicationPlace(text)
        else { return nil }
        let mediaType = String(decoding: lines[3], as: UTF8.self)
        let digest = ContentDigest(base64: String(decoding: lines[4], as: UTF8.self))
        let result = OperationDocument.Result(mediaType: mediaType, digest: digest)
        let publication = Publication(
            status: status, progress: lines[2].isEmpty ? nil : try? Document(parsing: Array(lines[2])),
            result: mediaType.isEmpty ? nil : result.document(of: id, in: application), place: place)
        var hash = SHA256()
        hash.update(data: Array("\(application)\n\(id)\n".utf8))
        hash.update(data: entry)
        return try? publication.change(
            id: ChangeID("operation-" + hash.finalize().prefix(16).map(Hexadecimal.text).joined()))
    }

    fileprivate func change(id: ChangeID) throws(PatchError) -> Change {
        try Change(id: id, precondition: .none, kind: .mergePatch, patch: place.patch(value))
    }

    /// As a merge patch: what was there and is not any more has to be said.
    private var value: Document {
        let progress = progress.map { progress in
            Document.object(Heartbeat.progressMembers.sorted().map { ($0, progress[$0] ?? .null) })
        }
        return .object([
            ("status", .string(status.rawValue)), ("progress", progress ?? .null), ("result", result ?? .null),
        ])
    }
}
