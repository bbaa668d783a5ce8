import SystemSupport
import TestSupport

/// The ways by which a server can answer: its express lane and its routes. What a lane does not serve yet is asked of the routes only.
enum Ways {
    /// Values of `--express-lanes` for requests that are answered at once or held back.
    static let polls = ["yes", "no"]
    /// The same for streams of events.
    static let events = ["yes", "no"]
    /// The same for compressed answers.
    static let gzip = ["yes", "no"]
    /// The same for many applications in one poll.
    static let many = ["yes", "no"]
}

extension CisternOptions {
    /// Servers apart from each other, so that those that answer polls can be stopped by themselves.
    static func live(lanes: String, pollers: Int = 1) -> CisternOptions {
        CisternOptions(layout: .split, pollers: pollers, pollFlags: ["--express-lanes", lanes])
    }
}

/// The media types of deltas by the names of RFC 3229.
enum Manipulation: String, CaseIterable, Sendable {
    case mergePatch = "merge-patch"
    case jsonPatch = "json-patch"

    var contentType: String { "application/\(rawValue)+json" }
}

extension Answer {
    /// What somebody sends who has this answer and wants what comes next.
    func next(_ manipulation: Manipulation? = nil, wait: Int? = nil) -> [(String, String)] {
        var headers = [("If-None-Match", self["ETag"] ?? "none")]
        if let manipulation { headers.append(("A-IM", manipulation.rawValue)) }
        if let wait { headers.append(("Prefer", "wait=\(wait)")) }
        return headers
    }
}

extension TestCistern {
    /// Pushes a merge patch and gives the state with it.
    func pushed(_ change: String, _ type: ChangeType = .merge, id: String, to app: String = "board") async throws
        -> Answer
    {
        let receipt = try await push(change, type, id: id, to: app).position
        guard let receipt else { throw TestSupportError("\(id) was not accepted.") }
        return try await state(of: app, "?at_least=\(receipt)", headers: [("Prefer", "wait=30")])
    }
}

/// A text that does not compress to nothing, with as many letters.
func mixedText(_ count: Int, seed: UInt64 = 1) -> String {
    var numbers = SeededNumbers(seed: seed)
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &numbers)] })
}
