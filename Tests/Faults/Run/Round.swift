import AsyncHTTPClient
import SystemSupport
import TestSupport

/// One round: clients at work on a few new applications while the faults of a schedule happen; then, once these are over, the time
/// until everything acknowledged is at every server; then the checks.
struct Round: Sendable {
    let number: Int
    let seed: UInt64
    let cistern: FaultyCistern
    let http: HTTPClient
    let endpoint: Endpoint
    let schedule: Schedule

    static let applications = 3
    static let writers = 3
    static let watchers = 4
    /// Clients for each application that want operations, and workers for all of them.
    static let wishers = 1
    static let workers = 4
    /// "Within seconds": after this long without faults something acknowledged that is not everywhere is a violation.
    private static let patience: Duration = .seconds(15)
    private static let pollInterval: Duration = .milliseconds(20)
    private static let hearInterval: Duration = .milliseconds(100)
    /// Tellings that are not followed yet.
    private static let mostFollowed = 20

    struct Outcome: Sendable {
        let history: History
        let violations: [Violation]
        let recovery: Duration
        /// Until webhooks had been told of all, since faults were over.
        let telling: Duration
    }

    func run() async throws -> Outcome {
        let history = History()
        let stop = Flag()
        let end = Flag()
        let (told, follow) = AsyncStream.makeStream(
            of: (application: String, version: Token).self, bufferingPolicy: .bufferingNewest(Self.mostFollowed))
        endpoint.listen(
            for: Set((0..<Self.applications).map(name)), in: history, calm: stop, seed: seed &+ UInt64(number),
            follow: follow)
        let (recovery, telling) = try await withThrowingTaskGroup(of: Void.self) { group in
            let writing = (0..<Self.applications * Self.writers).map { index in
                let writer = self.writer(index, history)
                return Task {
                    var writer = writer
                    return (application: writer.requests.application, left: await writer.run(until: stop))
                }
            }
            let wishing = (0..<Self.applications * Self.wishers).map { index in
                let wisher = self.wisher(index, history)
                return Task {
                    var wisher = wisher
                    return (application: wisher.requests.application, left: await wisher.run(until: stop))
                }
            }
            defer { for task in writing + wishing { task.cancel() } }
            for index in 0..<Self.workers { group.addTask { await work(index, history, until: end) } }
            for index in 0..<Self.applications * Self.watchers {
                group.addTask { await watch(index, history, until: end) }
            }
            group.addTask { [http] in
                let follower = Follower(
                    requests: { Requests(http: http, application: $0) }, history: history, servers: cistern.pollers)
                await follower.run(told, seed: seed)
            }
            try await Injection(cistern: cistern, history: history).run(schedule)
            // Leases and pauses that began before the clock was put back last for longer by as much. Here they end.
            if schedule.putsClock { try cistern.clock.set(to: .seconds(Schedule.longestStep)) }
            let quiet = ContinuousClock.now
            for application in 0..<Self.applications { history.note(.quiet(application: name(application))) }
            stop.set()
            let impatience = Task {
                try await Task.sleep(for: Self.patience)
                for task in writing + wishing { task.cancel() }
            }
            for task in writing {
                let (application, left) = await task.value
                if !left.isEmpty { history.note(unsettled(application, server: -1, missing: left)) }
            }
            for task in wishing {
                let (application, left) = await task.value
                if !left.isEmpty { history.note(unsettled(application, server: -1, missing: left)) }
            }
            impatience.cancel()
            for application in 0..<Self.applications {
                for server in 0..<cistern.pollers.count {
                    await settle(name(application), server, history, deadline: quiet + Self.patience + Self.patience)
                }
            }
            let recovery = ContinuousClock.now - quiet
            for application in 0..<Self.applications {
                await hear(name(application), history, deadline: quiet + Self.patience + Self.patience)
            }
            let telling = ContinuousClock.now - quiet
            end.set()
            follow.finish()
            try await group.waitForAll()
            return (recovery, telling)
        }
        let events = history.events
        let violations = Check.all.flatMap { check in
            check.violations(in: events, mayLose: check.isOfAllSeen ? schedule.mayLoseSeen : schedule.mayLose)
        }
        return Outcome(history: history, violations: violations, recovery: recovery, telling: telling)
    }

    private func name(_ application: Int) -> String { "r\(number).a\(application)" }

    private func reader(_ client: Int, _ history: History) -> Reader {
        Reader(
            Requests(http: http, application: name(client % Self.applications)), history, servers: cistern.pollers,
            client: client)
    }

    private func writer(_ client: Int, _ history: History) -> Writer {
        let reader = reader(client, history)
        return Writer(
            reader.requests, history, servers: cistern.buckets, reader: reader,
            naming: Naming.allCases[client / Self.applications % Naming.allCases.count], client: client,
            mayLose: schedule.mayLose, seed: seed &+ UInt64(client))
    }

    private func wisher(_ index: Int, _ history: History) -> Wisher {
        let application = name(index % Self.applications)
        return Wisher(
            Requests(http: http, application: application), history, servers: cistern.buckets, client: index,
            mayLose: schedule.mayLoseSeen, seed: seed &+ UInt64(1_000 + index))
    }

    private func work(_ index: Int, _ history: History, until end: Flag) async {
        var worker = Worker(
            Requests(http: http, application: ""), history, servers: cistern.buckets, name: "worker-\(index)",
            applications: (0..<Self.applications).map(name), seed: seed &+ UInt64(2_000 + index))
        await worker.run(until: end)
    }

    private func watch(_ index: Int, _ history: History, until end: Flag) async {
        let client = Self.applications * Self.writers + index
        var reader = reader(client, history)
        var numbers = SeededNumbers(seed: seed &+ UInt64(client))
        while !end.isSet, !Task.isCancelled {
            await reader.poll(&numbers)
            try? await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Waits until a server shows everything that was acknowledged.
    private func settle(
        _ application: String, _ server: Int, _ history: History, deadline: ContinuousClock.Instant
    ) async {
        let receipts = history.lastReceipts(of: application)
        let ends = history.ends(of: application, mayLose: schedule.mayLoseSeen).filter { $0.key.isPublished }
        let requests = Requests(http: http, application: application)
        var missing: [String] = []
        repeat {
            if let answer = await requests.poll(having: nil, at: cistern.pollers[server]), answer.status == 200,
                let version = Token(answer.version), let position = Token(answer.position),
                let witness = history.saw(
                    answer.bytes, client: nil, server: server, application: application, version: version,
                    position: position)
            {
                let set = Set(witness.set)
                // What was lost with its epoch is not owed any more.
                let owed = receipts.filter { !schedule.mayLose || $0.value.epoch == position.epoch }
                missing = owed.keys.filter { !set.contains($0) }
                for (operation, end) in ends where witness.jobs[operation.id]?.status != end {
                    missing.append("\(operation.id), which is \(end)")
                }
                if missing.isEmpty { return history.note(.settled(application: application, server: server)) }
            }
            try? await Task.sleep(for: Self.pollInterval)
        } while ContinuousClock.now < deadline
        history.note(unsettled(application, server: server, missing: missing))
    }

    /// Waits until the endpoint was told of the version that servers have, and of all ends.
    private func hear(_ application: String, _ history: History, deadline: ContinuousClock.Instant) async {
        let requests = Requests(http: http, application: application)
        let ends = history.ends(of: application, mayLose: schedule.mayLoseSeen)
        var missing: [String] = []
        repeat {
            let (versions, told) = history.told(of: application)
            missing = ends.keys.filter { !told.contains($0) }.map { "the end of \($0.id)" }
            if let version = Token(await requests.poll(having: nil, at: cistern.pollers[0])?.version),
                !versions.contains(where: { $0.epoch == version.epoch && $0.number >= version.number })
            {
                missing.append("\(version)")
            }
            if missing.isEmpty { return }
            try? await Task.sleep(for: Self.hearInterval)
        } while ContinuousClock.now < deadline
        history.note(
            .untold(application: application, seconds: Int(Self.patience.components.seconds), what: missing))
    }

    private func unsettled(_ application: String, server: Int, missing: [String]) -> Event {
        .unsettled(
            application: application, server: server, seconds: Int(Self.patience.components.seconds), missing: missing)
    }
}
