// A Cistern in a few lines, without I/O: a log, what is folded of it, and what a client's numbers mean to it.

import Documents
import Fold

@testable import CisternClient

struct ModelServer {
    struct Entry {
        let id: String
        let client: String
        let number: UInt64
        let change: Document
        let kind: PatchKind
        var isApplied: Bool?
    }

    private(set) var epoch = Epoch("e1")
    private var epochs = 1
    private(set) var log: [Entry] = []
    /// How much of the log is folded in.
    private(set) var folded = 0
    private(set) var version: UInt64 = 0
    private(set) var value = Document.emptyObject

    private func position(_ number: Int) -> PositionToken? {
        epoch.map { PositionToken(epoch: $0, number: UInt64(number)) }
    }

    /// A batch, all of it or nothing.
    mutating func push(_ changes: [OutgoingChange]) -> Result<[Acknowledgement], CisternError> {
        for (index, change) in changes.enumerated() where Self.isRefused(change) {
            return .failure(Self.problem("invalid-patch", 400, index))
        }
        let before = log
        var results: [Acknowledgement] = []
        for (index, change) in changes.enumerated() {
            switch append(change) {
            case .success(let result): results.append(result)
            case .failure(let problem):
                log = before
                return .failure(problem.pointing(at: index))
            }
        }
        return .success(results)
    }

    private mutating func append(_ change: OutgoingChange) -> Result<Acknowledgement, ModelProblem> {
        let parts = change.id.split(separator: "~")
        let (client, number) = (String(parts[0]), UInt64(parts[1]) ?? 0)
        let last = log.lastIndex { $0.client == client }
        let lastNumber = last.map { log[$0].number } ?? 0
        if number <= lastNumber, let last {
            if number == lastNumber, log[last].change != change.change {
                return .failure(ModelProblem("change-id-reused", 409))
            }
            // Older ones get the last position as an upper bound.
            return acknowledgement(change.id, at: last + 1, isNew: false)
        }
        if last == nil, number > 1 { return .failure(ModelProblem("client-unknown", 410)) }
        guard number == lastNumber + 1 else {
            return .failure(ModelProblem("out-of-order", 409, expected: lastNumber + 1))
        }
        log.append(
            Entry(
                id: change.id, client: client, number: number, change: change.change, kind: change.kind.patchKind,
                isApplied: nil))
        return acknowledgement(change.id, at: log.count, isNew: true)
    }

    private func acknowledgement(_ id: String, at number: Int, isNew: Bool) -> Result<Acknowledgement, ModelProblem> {
        guard let position = position(number) else { return .failure(ModelProblem("internal-error", 500)) }
        return .success(
            Acknowledgement(id: id, position: Position(position), isNew: isNew, outcome: .pending))
    }

    private static func isRefused(_ change: OutgoingChange) -> Bool {
        (try? Patch(change.change, kind: change.kind.patchKind)) == nil
    }

    static func problem(_ slug: String, _ status: Int, _ index: Int, expected: UInt64? = nil) -> CisternError {
        ModelProblem(slug, status, expected: expected).pointing(at: index)
    }

    // MARK: Folding

    mutating func fold() {
        guard folded < log.count else { return }
        let entry = log[folded]
        folded += 1
        do {
            try value.apply(try Patch(entry.change, kind: entry.kind), time: 0)
            log[folded - 1].isApplied = true
            version = UInt64(folded)
        } catch {
            log[folded - 1].isApplied = false
        }
    }

    /// The store has lost its end: what is left is folded anew under another epoch.
    mutating func loseTail(keeping count: Int) {
        log.removeLast(log.count - min(count, log.count))
        epochs += 1
        epoch = Epoch("e\(epochs)")
        (folded, version, value) = (0, 0, .emptyObject)
        while folded < log.count { fold() }
    }

    // MARK: Answers

    func told(have: VersionToken?) -> Told {
        guard let epoch else { return Told(content: .unknown) }
        if log.isEmpty { return Told(content: .unknown) }
        let token = VersionToken(epoch: epoch, number: version)
        return Told(
            content: have == token ? .unchanged(waited: true) : .state(value), version: token,
            position: PositionToken(epoch: epoch, number: UInt64(folded)))
    }

    func outcome(of id: String) -> AskedOutcome {
        switch log.first(where: { $0.id == id })?.isApplied {
        case true?: .applied
        case false?: .rejected(nil)
        case nil: .unknown
        }
    }
}

struct ModelProblem: Error {
    let slug: String
    let status: Int
    let expected: UInt64?

    init(_ slug: String, _ status: Int, expected: UInt64? = nil) {
        self.slug = slug
        self.status = status
        self.expected = expected
    }

    func pointing(at index: Int) -> CisternError {
        var members: [String: JSONText] = ["pointer": JSONText("\"/\(index)/id\"")]
        if let expected { members["expected"] = JSONText("\(expected)") }
        return .refused(Problem(slug: slug, title: slug, status: status, detail: "", members: members))
    }
}
