// What tests of workers have in common: notes of what happened, work that stands until it is let go, and a worker that runs.

import CisternClient
import Synchronization

/// What workers have done and how it ended.
final class WorkNotes: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A place where work stands until it is let go, or its task is cancelled.
final class WorkStop: Sendable {
    private let isOpen = Mutex(false)
    func open() { isOpen.withLock { $0 = true } }
    func pass() async throws {
        while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

func textResult(_ text: String) -> OperationResult {
    OperationResult(bytes: Array(text.utf8), mediaType: "text/plain")
}

extension CisternClient {
    func worker(_ name: String, lease: Duration = .seconds(30), concurrency: Int = 1) throws -> Worker {
        try worker(.init(kinds: ["export"], name: name, lease: lease, concurrency: concurrency))
    }
}

func run(
    _ worker: Worker, _ notes: WorkNotes, _ body: @escaping @Sendable (Claim) async throws -> OperationResult
) -> Task<Void, Never> {
    Task {
        do {
            try await worker.run(report: { claim, ending in notes.add("\(claim.operation.id) \(ending)") }, body)
        } catch {
            notes.add("\(error)")
        }
    }
}
