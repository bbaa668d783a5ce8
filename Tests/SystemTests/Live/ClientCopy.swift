import Documents
import Fold
import SystemSupport
import TestSupport

/// What one client has of a state, from nothing but the answers and events that it was sent; and whatever of them must never be sent.
struct ClientCopy: Sendable {
    private(set) var version: Token?
    private(set) var bytes: [UInt8]?
    private(set) var violations: [String] = []
    /// How it came to what it has.
    private(set) var states = 0
    private(set) var patches = 0
    private var document: Document?
    private var leftEpochs: Set<String> = []
    private let observations: Observations?

    /// - Parameter observations: of several clients whose bytes have to be the same for the same version.
    init(comparedIn observations: Observations? = nil) {
        self.observations = observations
    }

    /// The entity tag for the next request.
    var etag: String? { version.map { "\"\($0)\"" } }

    mutating func take(_ answer: Answer) {
        switch answer.status {
        case 200: takeState(answer.version, answer.bytes)
        case 226: takePatch(answer["IM"], from: answer["Delta-Base"], to: answer.version, answer.bytes)
        case 304:
            if Token(answer.version) != version {
                violate("304 with \(answer.version ?? "no version") for \(version?.description ?? "nothing")")
            }
        case 404: takeAbsence()
        default: violate("answered \(answer.refusal)")
        }
    }

    /// - Parameter manipulation: the one that was asked for.
    mutating func take(_ event: LiveEvent, _ manipulation: Manipulation = .mergePatch) {
        switch event.name {
        case "state": takeState(event.id, Array(event.data.utf8))
        case "patch":
            takePatch(manipulation.rawValue, from: version?.description, to: event.id, Array(event.data.utf8))
        case "deleted": takeAbsence()
        default: violate("an event named \(event.name)")
        }
    }

    mutating func takeState(_ version: String?, _ bytes: [UInt8]) {
        states += 1
        document = try? Document(parsing: bytes)
        if document == nil { violate("a state that is no JSON") }
        arrive(at: version, bytes)
    }

    mutating func takePatch(_ manipulation: String?, from base: String?, to version: String?, _ patch: [UInt8]) {
        patches += 1
        guard Token(base) == self.version, var document else {
            return violate("a patch from \(base ?? "nothing") for somebody who has \(etag ?? "nothing")")
        }
        let kind: PatchKind = manipulation == Manipulation.jsonPatch.rawValue ? .jsonPatch : .mergePatch
        do {
            try document.apply(Patch(parsing: patch, kind: kind), time: 0)
        } catch {
            return violate("the patch to \(version ?? "nothing") does not apply: \(error)")
        }
        self.document = document
        arrive(at: version, document.encoded())
    }

    mutating func takeAbsence() {
        if let version { leftEpochs.insert(version.epoch) }
        version = nil
        bytes = nil
        document = nil
    }

    private mutating func arrive(at text: String?, _ bytes: [UInt8]) {
        guard let next = Token(text) else { return violate("a state without a version") }
        if let version {
            if version.epoch == next.epoch, next.number <= version.number {
                violate("\(version) was followed by \(next)")
            }
            if version.epoch != next.epoch { leftEpochs.insert(version.epoch) }
        }
        if leftEpochs.contains(next.epoch) { violate("back to an epoch that was left, with \(next)") }
        version = next
        self.bytes = bytes
        observations?.saw(String(decoding: bytes, as: UTF8.self), at: next.description)
    }

    mutating func violate(_ sentence: String) {
        if violations.count < 20 { violations.append(sentence) }
    }
}
