// A client's rules and a model server, with chance between them: requests and messages are late or lost, streams end, the client is ended and
// begins again from its storage, the network goes, the server folds now or later, and may lose the end of its log.

import Documents
import Fold
import TestSupport

@testable import CisternClient

struct ModelRun {
    private enum Flight {
        /// A request whose answer goes to the life of the client that sent it.
        case push([OutgoingChange], life: Int)
        case answer(Event, life: Int)
        case poll(PollPurpose, have: VersionToken?, life: Int, stream: Int)
    }

    private var numbers: SeededNumbers
    private(set) var server = ModelServer()
    private(set) var client: ClientState
    private var kept = KeptTable()
    private var flights: [Flight] = []
    /// Messages of the present socket and of those before, in their order: to the server, or left over.
    private var sockets: [[OutgoingChange]] = []
    private var stream: (way: Way, isOpen: Bool)?
    private var streams = 0
    private var life = 0
    private var pushed = 0

    /// What callers were told, by their keys.
    private(set) var told: [String: [ToldOutcome]] = [:]
    /// Confirmed changes that were lost with the end of the log.
    private(set) var lost: Set<Int> = []
    let losesTails: Bool

    init(seed: UInt64, ways: [Way], losesTails: Bool) {
        numbers = SeededNumbers(seed: seed)
        self.losesTails = losesTails
        client = ClientState(queue: ChangeQueue(client: "c"), delivery: Delivery(ways: ways))
        take(.start)
    }

    /// Every change adds its number to a list; some cannot be applied, some are refused.
    private enum Kind: Int {
        case good, rejected, refused
    }

    static func kind(_ number: Int) -> Int { number % 7 == 3 ? 1 : number % 11 == 5 ? 2 : 0 }

    private mutating func push() {
        pushed += 1
        let operations: String
        switch Kind(rawValue: Self.kind(pushed)) ?? .good {
        case .good:
            operations = #"[{"op":"union","path":"/seen","value":[]},{"op":"add","path":"/seen/-","value":\#(pushed)}]"#
        case .rejected: operations = #"[{"op":"test","path":"","value":\#(pushed)}]"#
        case .refused: operations = #"[{"op":"nothing","path":"/\#(pushed)"}]"#
        }
        guard let change = try? Document(parsing: Array(operations.utf8)) else { return }
        take(
            .push(
                NewChange(key: "\(pushed)", kind: .cisternPatch, change: change, bytes: operations.utf8.count, time: 0))
        )
    }

    // MARK: Chance

    private mutating func chance(_ percent: Int) -> Bool { numbers.isLucky(percent) }

    /// One thing that may happen.
    mutating func step(pushing: Bool) {
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<20: if pushing { push() }
        case 20..<45: land(loses: chance(25))
        case 45..<60: deliver()
        case 60..<75: fireTimer()
        case 75..<85: server.fold()
        case 85..<90: moveStream(ends: chance(30))
        case 90..<92: endStream()
        case 92..<94: take(client.isOnline ? .offline : .online)
        case 94..<96: beginAnew()
        case 96 where losesTails && !server.log.isEmpty && chance(30): loseTail()
        default: tellStream()
        }
    }

    /// Nothing goes wrong any more.
    mutating func calmDown() {
        if !client.isOnline { take(.online) }
        for _ in 0..<20_000 {
            if client.queue.items.isEmpty, client.questions.isEmpty, flights.isEmpty, server.folded == server.log.count
            {
                return
            }
            land(loses: false)
            deliver()
            server.fold()
            moveStream(ends: false)
            tellStream()
            if flights.isEmpty || chance(20) { fireTimer() }
        }
    }

    // MARK: What happens

    private mutating func take(_ event: Event) {
        for action in client.step(event) { perform(action) }
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .save(let update): kept.apply(update)
        case .send(let changes, .http): flights.append(.push(changes, life: life))
        case .send(let changes, .socket): if !sockets.isEmpty { sockets[sockets.count - 1] += changes }
        case .ask(let id): flights.append(.answer(.outcome(id: id, .unknown), life: life))
        case .tell(let key, _, let outcome): told[key, default: []].append(outcome)
        case .open(let way, _, _):
            streams += 1
            stream = (way, false)
            if way == .socket { sockets.append([]) }
        case .close:
            streams += 1
            stream = nil
        case .poll(let purpose, let have, _, _):
            if purpose == .way { streams += 1 }
            flights.append(.poll(purpose, have: have, life: life, stream: streams))
        // Any timer that is set may be the next one.
        case .timer, .cancel, .say, .askPresence: break
        }
    }

    /// Something that is under way arrives, or its sender hears that it did not.
    private mutating func land(loses: Bool) {
        guard let index = flights.indices.randomElement(using: &numbers) else { return }
        switch flights.remove(at: index) {
        case .push(let changes, let sender):
            // Lost on the way there, or the answer on the way back.
            if loses, chance(50) { return flights.append(.answer(.pushFailed(Failing()), life: sender)) }
            let event: Event
            switch server.push(changes) {
            case .success(let results): event = .pushed(results)
            case .failure(let error): event = .pushFailed(Failing(error: error))
            }
            flights.append(.answer(loses ? .pushFailed(Failing()) : event, life: sender))
        case .answer(.outcome(let id, _), let sender):
            guard sender == life else { return }
            take(loses ? .askFailed(id: id, Failing()) : .outcome(id: id, server.outcome(of: id)))
        case .answer(let event, let sender): if sender == life { take(event) }
        case .poll(let purpose, let have, let sender, let stream):
            guard sender == life, purpose != .way || stream == streams else { return }
            take(loses ? .pollFailed(purpose) : .told(server.told(have: have), purpose: purpose))
        }
    }

    /// The server reads a message of some socket, which may be gone at the client.
    private mutating func deliver() {
        guard let index = sockets.indices.filter({ !sockets[$0].isEmpty }).randomElement(using: &numbers) else {
            return
        }
        let change = sockets[index].removeFirst()
        let answer = server.push([change])
        guard index == sockets.count - 1, let stream, stream.way == .socket, stream.isOpen else { return }
        switch answer {
        case .success(let results):
            if let result = results.first { take(.acknowledged(id: change.id, receipt: result.position.token)) }
        case .failure(let error): take(.refused(id: change.id, Failing(error: error)))
        }
    }

    private mutating func fireTimer() {
        guard let timer = client.timers.randomElement(using: &numbers) else { return }
        take(.timer(timer))
    }

    private mutating func moveStream(ends: Bool) {
        guard let stream, !stream.isOpen else { return }
        if ends { return endStream() }
        self.stream?.isOpen = true
        take(.opened(stream.way))
        tellStream()
    }

    private mutating func tellStream() {
        guard let stream, stream.isOpen else { return }
        let told = server.told(have: nil)
        if case .unknown = told.content, client.held.now == nil { return }
        take(.told(told, purpose: nil))
    }

    private mutating func endStream() {
        guard let way = stream?.way else { return }
        stream = nil
        take(.closed(way))
    }

    /// The program is killed and started again with what its storage has.
    private mutating func beginAnew() {
        life += 1
        streams += 1
        stream = nil
        guard let queue = kept.queue, let items = try? queue.changes.map({ try PendingChange($0) }) else { return }
        client = ClientState(
            queue: ChangeQueue(client: queue.client, generation: queue.generation, last: queue.last, items: items),
            delivery: Delivery(ways: client.delivery.ways))
        take(.start)
    }

    private mutating func loseTail() {
        let count = Int.random(in: 0...server.log.count, using: &numbers)
        let waiting = Set(client.queue.items.map(\.key))
        for entry in server.log[count...] {
            if let number = entry.change[1]?["value"]?.integerValue ?? entry.change[0]?["value"]?.integerValue,
                !waiting.contains("\(number)")
            {
                lost.insert(number)
            }
        }
        // What was left over on sockets that are gone is too old by then: the one thing that names cannot tell apart.
        let isLive = stream?.way == .socket
        for index in isLive ? sockets.indices.dropLast() : sockets.indices { sockets[index] = [] }
        server.loseTail(keeping: count)
    }

    /// How many changes there were.
    var count: Int { pushed }
}
