// The entry for programs: an application that is followed and changed for as long as it is open.

import Documents

/// An application that a program follows and changes: its state at any moment, each new one as it comes, and changes that survive whatever
/// happens to network and servers.
///
///     let client = try CisternClient(url: "http://127.0.0.1:8080")
///     let board = try client.open("board")
///     Task { for await state in board.states { show(state.json) } }
///     let folded = try await board.push(.merge(#"{"title":"Plan"}"#))
///     await board.close()
///
/// A change shows at once and is sent as soon as there is a server, after everything that was changed before: each is folded in exactly once, in
/// order. States come by a WebSocket, by events, by long or by short polls, whatever works. What happens when: <doc:ClientBehaviour>.
///
/// It goes on, whatever fails, until ``close()`` or until the last reference to it is gone. It keeps one connection busy, and at most 10,000 changes of at
/// most 1 MiB. It may be used from any number of tasks.
public final class LiveApplication: Sendable {
    public let id: String
    public let presence: LivePresence
    private let machine: LiveMachine
    private let running: Task<Void, Never>

    init(_ application: Application, storage: any Storage, ways: [Way], name: String) {
        let ways = Way.allCases.filter(ways.contains)
        let machine = LiveMachine(isDurable: storage.isDurable, ways: ways)
        let server = Server(application: application, name: name)
        let runner = LiveRunner(machine: machine, server: server, storage: storage, ways: ways)
        id = application.id
        self.machine = machine
        presence = LivePresence(machine: machine)
        running = Task { await runner.run() }
    }

    deinit { machine.stop() }

    /// Ends everything. What is pending stays in the storage; whoever waits for a change is told ``ChangeFailure/closed``.
    public func close() async {
        machine.stop()
        await running.value
    }

    // MARK: State

    /// The state of this moment; nil until the storage was read.
    public var state: LiveState? { machine.state }

    /// The state now, if there is one, and each new one. Who is slow gets the newest; it ends when the application is closed.
    public var states: AsyncStream<LiveState> { machine.states }

    public var status: LiveStatus { machine.status }

    /// How it is doing now, and whenever that has changed. Who is slow gets the newest.
    public var statuses: AsyncStream<LiveStatus> { machine.statuses }

    // MARK: Changes

    /// Changes the state and returns when the change is folded in, which may be after hours without a network.
    ///
    /// Cancelling the task ends the waiting, not the change.
    ///
    /// - Throws: if it came to nothing, and why.
    @discardableResult
    public func push(_ edit: Edit) async throws(ChangeFailure) -> FoldedChange {
        try await enqueue(edit).folded()
    }

    /// Changes the state and returns at once: the change shows, waits for its turn, and is written down before it is sent.
    ///
    /// - Throws: ``ChangeFailure/notJSON(_:)``, ``ChangeFailure/tooLarge(bytes:limit:)``, ``ChangeFailure/full(limit:)`` or ``ChangeFailure/closed``.
    @discardableResult
    public func enqueue(_ edit: Edit) throws(ChangeFailure) -> QueuedChange {
        try machine.push(try NewChange(edit, key: TimedID.next()))
    }

    /// Changes that will never be in the state, also those of an earlier run of the program. The last 10,000 wait for who is slow.
    public var failures: AsyncStream<ChangeFailure> { machine.failures }

    // MARK: Network

    /// Says whether there is a network, where the program knows. Offline nothing is tried, and changes gather; online again everything is tried at once.
    public func setOnline(_ isOnline: Bool) { machine.dispatch(isOnline ? .online : .offline) }
}

/// A change that is on its way.
public struct QueuedChange: Sendable {
    let promise: Promise<Result<FoldedChange, ChangeFailure>>
    let keeping: Promise<Bool>

    /// Waits until the change is written down and outlives the program; false if it does not: the storage is none that does, or it has failed.
    ///
    /// - Throws: ``ChangeFailure/cancelled``.
    public func kept() async throws(ChangeFailure) -> Bool {
        guard let isKept = await keeping.value() else { throw .cancelled }
        return isKept
    }

    /// Waits until it is folded in.
    ///
    /// - Throws: if it came to nothing, and why.
    public func folded() async throws(ChangeFailure) -> FoldedChange {
        guard let result = await promise.value() else { throw .cancelled }
        return try result.get()
    }
}

/// Who is here: what this client says about itself, and what others say.
public struct LivePresence: Sendable {
    let machine: LiveMachine

    /// Says something about this client, at most 4 KiB, and renews it until it is taken back or the application is closed.
    ///
    /// - Throws: ``ChangeFailure/notJSON(_:)``.
    public func say(_ value: JSONText) throws(ChangeFailure) {
        do { machine.dispatch(.say(try Document(parsing: value.bytes))) } catch { throw .notJSON("\(error)") }
    }

    /// This client is not here any more.
    public func leave() { machine.dispatch(.say(nil)) }

    /// Who is here, by their names, as far as it is followed.
    public var clients: [String: JSONText] { machine.clients }

    /// Follows who is here: now, and whenever it has changed. Who is slow gets the newest.
    public var changes: AsyncStream<[String: JSONText]> {
        machine.dispatch(.watchPresence)
        return machine.presences
    }
}

extension CisternClient {
    /// Begins to follow an application, whether it exists or not: the first change makes it.
    ///
    /// - Parameters:
    ///   - id: 1 to 128 of `A–Z a–z 0–9 . _ ~ -` with a letter or digit in front.
    ///   - storage: where changes outlive the program; a ``FileStorage`` of its own for each application.
    ///   - ways: by which states may come; the best one that works is taken.
    ///   - name: under which this client is present, of the same form as `id`; a random one unless given.
    /// - Throws: ``CisternError/invalidRequest(_:)`` for an `id` or a `name` that is not of this form.
    public func open(
        _ id: String, storage: any Storage = MemoryStorage(), ways: [Way] = Way.allCases, name: String? = nil
    ) throws(CisternError) -> LiveApplication {
        let name = try name.map { text throws(CisternError) in try application(text).id } ?? "c" + TimedID.next()
        return LiveApplication(try application(id), storage: storage, ways: ways, name: name)
    }
}
