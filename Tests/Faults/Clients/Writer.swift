import Documents
import SystemSupport
import TestSupport

/// A client that follows the contract to the letter: it sends each change until it is acknowledged, keeps it until it has seen a state of
/// the receipt's epoch at or past its position, and sends it again, with the same id, when the epoch is another. It also does what is
/// allowed and unkind: it sends a change to two servers at once, and one that was acknowledged long ago once more.
struct Writer {
    let requests: Requests
    let history: History
    let servers: [DaemonProcess]
    let client: Int
    /// Redis may lose its tail, and with it what was acknowledged.
    let mayLose: Bool

    private var names: Names
    private var reader: Reader
    private var numbers: SeededNumbers
    private var pending: [(id: String, receipt: Token)] = []
    /// A few of those that were acknowledged.
    private var old: [String] = []

    private static let pauseBeforeRetry: Duration = .milliseconds(40)
    private static let pause = 5...60
    /// Of 100 changes those that go to two servers at once, those after which an old one is sent again, and those that are read.
    private static let twice = 8
    private static let again = 8
    private static let readBack = 20
    private static let askBack = 5

    init(
        _ requests: Requests, _ history: History, servers: [DaemonProcess], reader: Reader, naming: Naming, client: Int,
        mayLose: Bool, seed: UInt64
    ) {
        self.requests = requests
        self.history = history
        self.servers = servers
        self.reader = reader
        self.client = client
        self.mayLose = mayLose
        names = Names(naming, client: "c\(client)")
        numbers = SeededNumbers(seed: seed)
    }

    /// Works until it is told to stop, and then until it has seen all that it wrote.
    ///
    /// - Returns: the ids that it has not seen when its task was cancelled.
    mutating func run(until stop: Flag) async -> [String] {
        while !stop.isSet, !Task.isCancelled {
            let id = names.next(&numbers)
            history.note(.sent(id: id, application: requests.application, client: client))
            if let receipt = await deliver(id) {
                pending.append((id, receipt))
                old.append(id)
                if numbers.isLucky(Self.readBack) { await reader.readOwn(receipt, &numbers) }
                if numbers.isLucky(Self.again) { _ = await deliver(numbers.pick(old)) }
            }
            if numbers.isLucky(30) { await settle() }
            try? await Task.sleep(for: .milliseconds(Int.random(in: Self.pause, using: &numbers)))
        }
        while !pending.isEmpty, !Task.isCancelled {
            await settle()
            try? await Task.sleep(for: Self.pauseBeforeRetry)
        }
        return pending.map(\.id)
    }

    /// Sends a change until it is acknowledged; nil if it never will be.
    private mutating func deliver(_ id: String) async -> Token? {
        while !Task.isCancelled {
            var answers = [await requests.push(id, at: numbers.pick(servers))]
            if numbers.isLucky(Self.twice) {
                async let first = requests.push(id, at: numbers.pick(servers))
                async let second = requests.push(id, at: servers[0])
                answers += await [first, second]
            }
            var receipt: Token?
            for answer in answers.compactMap(\.self) {
                switch answer.status {
                case 200, 201:
                    guard let token = Token(answer.member("receipt")?.stringValue) else {
                        history.note(.strange("an acknowledgement without a receipt: \(answer.text.prefix(200))"))
                        continue
                    }
                    receipt = token
                    history.note(
                        .acknowledged(
                            id: id, application: requests.application, receipt: token, isNew: answer.status == 201))
                case 429, 503: break
                case 409, 410:
                    guard mayLose, names.naming == .numbered else {
                        history.note(.strange("\(id) was answered with \(answer.refusal)"))
                        return nil
                    }
                    guard await recoverNumbers(answer, id) else { return nil }
                default:
                    history.note(.strange("\(id) was answered with \(answer.refusal)"))
                    return nil
                }
            }
            if let receipt { return receipt }
            try? await Task.sleep(for: Self.pauseBeforeRetry)
        }
        return nil
    }

    /// Redis has lost some of this client's changes: those that are still pending are sent again. If others are lost too, that cannot be
    /// mended, and the client goes on under another name.
    private mutating func recoverNumbers(_ answer: Answer, _ id: String) async -> Bool {
        guard let expected = answer.member("expected")?.integerValue,
            let first = pending.firstIndex(where: { $0.id == names.name(expected) && $0.id != id })
        else {
            pending.removeAll { $0.id.contains("~") }
            old.removeAll()
            names.beginAnew()
            return false
        }
        for index in first..<pending.count {
            guard let receipt = await acknowledgedOnce(pending[index].id) else { return true }
            pending[index].receipt = receipt
        }
        return true
    }

    private mutating func acknowledgedOnce(_ id: String) async -> Token? {
        guard let answer = await requests.push(id, at: numbers.pick(servers)), [200, 201].contains(answer.status),
            let receipt = Token(answer.member("receipt")?.stringValue)
        else { return nil }
        history.note(
            .acknowledged(id: id, application: requests.application, receipt: receipt, isNew: answer.status == 201))
        return receipt
    }

    private func ask(_ id: String) async {
        guard let answer = await requests.outcome(of: id, at: servers[client % servers.count]), answer.status == 200,
            let status = answer.member("status")?.stringValue
        else { return }
        history.note(.outcome(id: id, application: requests.application, status: status))
    }

    /// The rule of the contract, applied to the answer to one poll.
    private mutating func settle() async {
        await reader.poll(&numbers)
        for change in pending {
            if !reader.isUnknown, let position = reader.position, position.epoch == change.receipt.epoch {
                guard position.number >= change.receipt.number else { continue }
                pending.removeAll { $0.id == change.id }
                if Witness.isRejected(change.id) || numbers.isLucky(Self.askBack) { await ask(change.id) }
            } else if reader.isUnknown || reader.position != nil {
                guard let receipt = await deliver(change.id) else { continue }
                if let index = pending.firstIndex(where: { $0.id == change.id }) { pending[index].receipt = receipt }
            }
        }
    }
}
