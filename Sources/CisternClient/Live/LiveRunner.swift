// Does what the rules of a live application decide. One task runs it, everything else is a child of that one.

import Documents
import Fold
import Synchronization

struct LiveRunner: Sendable {
    let machine: LiveMachine
    let server: Server
    let storage: any Storage
    let ways: [Way]
    private let saves = SaveQueue()
    private let timers = Timers()
    private let streams = Streams()

    init(machine: LiveMachine, server: Server, storage: any Storage, ways: [Way]) {
        self.machine = machine
        self.server = server
        self.storage = storage
        self.ways = ways
    }

    /// Until the machine is stopped.
    func run() async {
        let (state, kept) = await load()
        let newest = state.queue.items.last?.order ?? 0
        machine.begin(state)
        await withDiscardingTaskGroup { saving in
            // Beside the others, which are cancelled in the end: what a program was told is kept has to be written.
            saving.addTask {
                await saves.run(
                    kept, newest: newest,
                    saved: { machine.saved($0, problem: $1.map { "\($0)" }, isDurable: kept.isDurable) },
                    send: { machine.sendNow($0.changes, over: $0.route, serial: $0.serial) })
            }
            await work()
            saves.finish()
        }
        await storage.close()
        machine.ended()
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            for await work in machine.work {
                switch work {
                case .action(let action, let serial): await perform(action, serial, in: &group)
                case .sendNow(let changes, let route, let serial): push(changes, route, serial, in: &group)
                }
            }
            timers.cancelAll()
            streams.end()
            group.cancelAll()
        }
    }

    /// What was kept, and where changes are kept from now on: in memory if the storage cannot be read, as what it may have is of another name.
    private func load() async -> (ClientState, any Storage) {
        let delivery = Delivery(ways: ways)
        do {
            if let kept = try await storage.load() {
                let items = try kept.changes.map { try PendingChange($0) }
                let queue = ChangeQueue(
                    client: kept.client, generation: kept.generation, last: kept.last, items: items)
                return (ClientState(queue: queue, delivery: delivery), storage)
            }
            return (ClientState(queue: Self.fresh, delivery: delivery), storage)
        } catch {
            machine.storageFailed("\(error)")
            return (ClientState(queue: Self.fresh, delivery: delivery), MemoryStorage())
        }
    }

    private static var fresh: ChangeQueue { ChangeQueue(client: "c" + TimedID.next()) }

    private func perform(_ action: Action, _ serial: Int, in group: inout DiscardingTaskGroup) async {
        switch action {
        case .save(let update): saves.save(update)
        case .send(let changes, let route):
            saves.send(SaveQueue.Sending(changes: changes, route: route, serial: serial))
        case .ask(let id): group.addTask { machine.dispatch(await server.outcome(of: id)) }
        case .tell: break
        case .open(let way, let have, let presence): open(way, have, presence, serial, in: &group)
        case .close: streams.end()
        case .poll(.way, let have, let wait, let atLeast):
            let stream = streams.begin()
            group.addTask {
                await stream.run {
                    let event = await server.poll(.way, have: have, wait: wait, atLeast: atLeast)
                    machine.dispatch(event, ofStream: serial)
                }
            }
        case .poll(let purpose, let have, let wait, let atLeast):
            group.addTask {
                machine.dispatch(await server.poll(purpose, have: have, wait: wait, atLeast: atLeast))
            }
        case .timer(let name, let between):
            let chance = Double.random(in: 0...1)
            let time = between.lowerBound + (between.upperBound - between.lowerBound) * chance
            timers.set(name, after: time) { machine.fire(name, serial: serial) }
        case .cancel(let name): timers.cancel(name)
        case .say(let value, .socket, let life): streams.current?.socket.send(SocketMessage.say(value, life: life))
        case .say(nil, .http, _):
            // Here, not beside: it may be the last thing to be done.
            machine.dispatch(await server.say(nil, life: nil))
        case .say(let value, .http, let life):
            group.addTask { machine.dispatch(await server.say(value, life: life)) }
        case .askPresence(let tag):
            group.addTask {
                if let event = await server.whoIsHere(tag: tag) { machine.dispatch(event) }
            }
        }
    }

    private func push(
        _ changes: [OutgoingChange], _ route: Route, _ serial: Int, in group: inout DiscardingTaskGroup
    ) {
        switch route {
        case .http: group.addTask { machine.dispatch(await server.push(changes)) }
        case .socket:
            // If the socket is gone meanwhile, it was already decided to send them again.
            guard machine.isCurrent(stream: serial), let socket = streams.current?.socket else { return }
            for change in changes { socket.send(SocketMessage.push(change)) }
        }
    }

    private func open(
        _ way: Way, _ have: VersionToken?, _ presence: Bool, _ serial: Int, in group: inout DiscardingTaskGroup
    ) {
        let stream = streams.begin()
        let dispatch: @Sendable (Event) -> Void = { machine.dispatch($0, ofStream: serial) }
        group.addTask {
            await stream.run {
                switch way {
                case .socket:
                    guard let address = server.socket(have: have, presence: presence) else {
                        return dispatch(.closed(.socket, isFinal: true))
                    }
                    await stream.socket.run(address, server.application.client.transport.trust, dispatch)
                case .events: await server.events(have: have, presence: presence, dispatch)
                case .long, .short: break
                }
            }
        }
    }
}

/// The stream or the poll that is under way: there is one at most.
private final class Streams: Sendable {
    private let now = Mutex<Stream?>(nil)

    var current: Stream? { now.withLock { $0 } }

    /// In place of the one before.
    func begin() -> Stream {
        let next = Stream()
        swap(next)?.end()
        return next
    }

    func end() { swap(nil)?.end() }

    private func swap(_ next: Stream?) -> Stream? {
        now.withLock { now in
            defer { now = next }
            return now
        }
    }
}

/// Something that goes on until it is ended.
private final class Stream: Sendable {
    let socket = SocketConnection()
    private let ending: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() { (ending, continuation) = AsyncStream.makeStream() }

    func end() { continuation.finish() }

    /// Runs the body and cancels it when it is ended.
    func run(_ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { for await _ in self.ending {} }
            await group.next()
            group.cancelAll()
        }
    }
}

extension Server {
    /// Where the socket is; nil for a URL that cannot have one.
    func socket(have: VersionToken?, presence: Bool) -> SocketTarget? {
        var path = "\(application.path)/socket?client=\(name)"
        if let have { path += "&have=\(have)" }
        if presence { path += "&presence=1" }
        return SocketTarget(url: application.client.url, path: path)
    }
}
