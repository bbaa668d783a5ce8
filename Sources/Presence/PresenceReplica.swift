// One server's copy of who is in one application, as a value: what it knows, what it still owes to other servers, and when those who
// wait and observe have to be told.
//
// Everything that is said is the present state of some clients, never a step, so it may be lost, doubled and reordered: what Redis did
// not take is said again later, by then perhaps with newer content. A server that begins to listen, or begins again, asks; each
// that knows something answers after a moment of chance with what nobody else has said meanwhile.

import Fold

struct PresenceReplica {
    typealias Instant = ContinuousClock.Instant

    private(set) var table: PresenceTable
    private let server: UInt64
    private let configuration: PresenceConfiguration

    /// Whether the others have to be asked.
    private var asks = false
    /// Clients about which the others have to be told.
    private(set) var unspread: Set<ClientID> = []
    private var answer: Answer?
    /// What Redis has been given and has not taken yet.
    private var underWay: PresenceMessage?
    private var nextSpread: Instant

    private var noticedRevision: UInt64 = 0
    private var nextNotice: Instant
    /// Whether what the others know should be here by now.
    private(set) var isSettled = false
    private var settles: Instant
    private var lastUse: Instant
    private var nextIdleCheck: Instant
    private var rendered: (revision: UInt64, content: PresenceContent)?

    /// What a question will be answered with.
    private struct Answer {
        let due: Instant
        /// Of whom nobody has told since.
        var untold: Set<ClientID>
    }

    init(server: UInt64, configuration: PresenceConfiguration, at now: Instant) {
        self.server = server
        self.configuration = configuration
        table = PresenceTable(server: server, limit: configuration.clients)
        nextSpread = now
        nextNotice = now
        settles = now + configuration.settlingTime
        lastUse = now
        nextIdleCheck = now + configuration.idleTime
    }

    // MARK: What this server is told

    /// As ``PresenceTable/put(_:_:for:at:clock:)``.
    mutating func put(
        _ client: ClientID, _ value: [UInt8], for life: Duration, at now: Instant, clock: UInt64
    ) -> Bool? {
        lastUse = now
        let isNew = table.put(client, value, for: life, at: now, clock: clock)
        if isNew != nil { owe(client) }
        return isNew
    }

    mutating func remove(_ client: ClientID, at now: Instant, clock: UInt64) {
        lastUse = now
        table.remove(client, at: now, clock: clock)
        owe(client)
    }

    private mutating func owe(_ client: ClientID) {
        unspread.insert(client)
        // Of what the table has forgotten nobody can be told. With Redis away this is all that lets go of it.
        guard unspread.count > 2 * table.entryLimit else { return }
        unspread = unspread.filter { table.entries[$0] != nil }
    }

    /// Everybody who is here now.
    mutating func content(at now: Instant) -> PresenceContent {
        lastUse = now
        table.expire(at: now)
        if let rendered, rendered.revision == table.revision { return rendered.content }
        let content = PresenceContent(of: table)
        rendered = (table.revision, content)
        return content
    }

    // MARK: What others tell

    /// From now on messages arrive, for the first time or again. What was said before may be lost, on both sides: others may have
    /// asked when this server was not there to answer.
    mutating func listens() {
        asks = true
        unspread.formUnion(table.own)
    }

    /// - Parameter chance: From 0 to 1, for the moment of an answer.
    mutating func hear(_ message: PresenceMessage, at now: Instant, chance: Double) {
        switch message {
        case .question(server): break
        case .question:
            let known = Set(table.entries.keys)
            guard !known.isEmpty else { break }
            if answer == nil { answer = Answer(due: now + configuration.answerJitter * chance, untold: []) }
            answer?.untold.formUnion(known)
        case .records(let records):
            for record in records {
                table.merge(record, at: now)
                guard let known = table.entries[record.client], known.stamp <= record.stamp else { continue }
                // Whoever asked has heard it too.
                answer?.untold.remove(record.client)
                unspread.remove(record.client)
            }
        }
    }

    // MARK: Work

    /// What is to be done outside.
    struct Work {
        /// To be published; the outcome goes to ``spread(receivers:at:)``.
        var message: PresenceMessage?
        /// Those who wait and observe are to be told.
        var isNotice = false
        /// Nobody has asked for a while, and this server has no clients of its own to answer for.
        var isIdle = false
    }

    mutating func work(at now: Instant) -> Work {
        table.expire(at: now)
        if let due = answer?.due, due <= now, let untold = answer?.untold {
            answer = nil
            unspread.formUnion(untold)
        }
        var work = Work()
        if mustSpread, nextSpread <= now {
            underWay = nextMessage(at: now)
            work.message = underWay
            nextSpread = now + configuration.spreadInterval
        }
        if !isSettled, settles <= now {
            isSettled = true
            work.isNotice = true
        }
        if table.revision != noticedRevision, nextNotice <= now {
            noticedRevision = table.revision
            nextNotice = now + configuration.noticeInterval
            work.isNotice = true
        }
        if nextIdleCheck <= now {
            nextIdleCheck = now + configuration.idleTime
            work.isIdle = lastUse + configuration.idleTime <= now && !table.hasOwn
        }
        return work
    }

    /// When there is work next.
    var appointment: Instant {
        var times = [nextIdleCheck]
        if let end = table.nextEnd { times.append(end) }
        if let answer { times.append(answer.due) }
        if mustSpread { times.append(nextSpread) }
        if !isSettled { times.append(settles) }
        if table.revision != noticedRevision { times.append(nextNotice) }
        return times.reduce(nextIdleCheck, min)
    }

    private var mustSpread: Bool { underWay == nil && (asks || !unspread.isEmpty) }

    private mutating func nextMessage(at now: Instant) -> PresenceMessage? {
        if asks {
            asks = false
            return .question(server: server)
        }
        var records: [PresenceRecord] = []
        var bytes = 0
        while bytes < PresenceMessage.usualBytes, let client = unspread.popFirst() {
            guard let record = table.record(of: client, at: now) else { continue }
            records.append(record)
            bytes += PresenceTable.cost(of: client, record.value)
        }
        return records.isEmpty ? nil : .records(records)
    }

    /// What became of the message.
    ///
    /// - Parameter receivers: How many servers it went to, this one among them; nil if Redis did not take it.
    mutating func spread(receivers: Int?, at now: Instant) {
        guard let message = underWay else { return }
        underWay = nil
        switch (message, receivers) {
        case (.question, nil):
            asks = true
            nextSpread = now + configuration.retryInterval
        case (.records(let records), nil):
            unspread.formUnion(records.map(\.client))
            nextSpread = now + configuration.retryInterval
        case (.question, let receivers?):
            settles = min(settles, receivers > 1 ? now + configuration.answerTime : now)
        case (.records, _?): break
        }
    }
}
