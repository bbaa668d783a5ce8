// The changes that are not known to be folded in yet, in their order, under the ids `<client>~<n>`.
//
// The store takes a client's numbers without gaps, so what is confirmed or refused says the same of every number before it, and only a number that
// was never taken may be given to another change.

import Fold

struct ChangeQueue: Sendable {
    /// Changes of one request. The contract allows 1,000; an error in one refuses all, so fewer lose less.
    static let batchChanges = 250
    /// Bytes of one request, half of what the contract allows: escapes and the frame round each change come on top.
    static let batchBytes = 4 << 20
    /// Changes that may wait, offline too. Each new state is rebased by applying all of them.
    static let mostPending = 10_000
    /// Bytes of one change, as the contract has it.
    static let changeBytes = 1 << 20

    private(set) var client: String
    private(set) var generation: Int
    private(set) var last: UInt64
    private(set) var items: [PendingChange]
    private var nextOrder: UInt64
    /// Whether a request with changes is under way, and which.
    var sending: [String] = []
    /// The most changes of the next request; less after one was refused without saying why.
    var batch: Int

    /// What a storage does not know yet: changes that are new or renamed, and those that are gone, by their order.
    private var unsaved: (put: Set<UInt64>, drop: [UInt64], isRenamed: Bool) = ([], [], false)
    /// How many are sent, and how many acknowledged: most steps are over when these are looked at.
    private(set) var unanswered = 0
    private var acknowledged = 0
    /// Whether a change in front of others has gone since `saving` was asked: what is shown has to be worked out anew.
    private(set) var hasGaps = false

    init(
        client: String, generation: Int = 1, last: UInt64 = 0, items: [PendingChange] = [], batch: Int = batchChanges
    ) {
        self.client = client
        self.generation = generation
        self.last = last
        self.items = items
        self.batch = batch
        nextOrder = (items.last?.order ?? 0) + 1
        for item in items { count(item, 1) }
    }

    /// The name that stands in ids. The first is the client's own; each further one has the count of its names behind it.
    var name: String { generation == 1 ? client : "\(client).\(generation)" }

    /// Whether nothing waits for a state that confirms it.
    var isSettled: Bool { acknowledged == 0 }

    /// Whether something was sent that is not known to be folded in.
    var isUnderWay: Bool { unanswered + acknowledged > 0 }

    func item(_ id: String) -> PendingChange? { index(id).map { items[$0] } }

    private func index(_ id: String) -> Int? {
        guard let tilde = id.lastIndex(of: "~"), let number = UInt64(id[id.index(after: tilde)...]) else { return nil }
        return items.firstIndex { $0.number == number && $0.client == id[..<tilde] }
    }

    private mutating func alter(_ index: Int, _ body: (inout PendingChange) -> Void) {
        count(items[index], -1)
        body(&items[index])
        count(items[index], 1)
    }

    private mutating func count(_ item: PendingChange, _ step: Int) {
        switch item.stage {
        case .fresh: break
        case .sent: unanswered += step
        case .acknowledged: acknowledged += step
        }
    }

    mutating func append(_ new: NewChange) {
        last += 1
        items.append(PendingChange(new, order: nextOrder, client: name, number: last))
        unsaved.put.insert(nextOrder)
        nextOrder += 1
    }

    // MARK: Sending

    /// What to send next, marked as sent: the changes before which none is fresh, as many as fit.
    mutating func sendNext(atMost most: Int) -> [OutgoingChange] {
        let limit = min(batch, most)
        var changes: [OutgoingChange] = []
        var bytes = 0
        for index in items.indices where items[index].isFresh {
            if changes.count >= limit || !changes.isEmpty && bytes + items[index].bytes > Self.batchBytes { break }
            bytes += items[index].bytes
            changes.append(items[index].outgoing)
            alter(index) { $0.stage = .sent }
        }
        return changes
    }

    mutating func acknowledge(_ id: String, _ receipt: PendingChange.Receipt) {
        if let index = index(id) { alter(index) { $0.stage = .acknowledged(receipt) } }
    }

    /// The socket is gone, and with it the answers to what was sent on it. The messages may arrive all the same, and late.
    mutating func sendStraysAgain() {
        for index in items.indices where items[index].isSent {
            alter(index) { change in
                change.sendAgain()
                change.isStray = true
            }
        }
    }

    /// What is under way was not answered, or its answer is void: the same under the same ids again.
    ///
    /// - Returns: whether there was something.
    @discardableResult
    mutating func sendAgain(where isChosen: (PendingChange) -> Bool = { $0.isSent }) -> Bool {
        if unanswered == 0, acknowledged == 0 { return false }
        var found = false
        for index in items.indices where !items[index].isFresh && isChosen(items[index]) {
            alter(index) { $0.sendAgain() }
            found = true
        }
        return found
    }

    /// Receipts of other epochs say nothing any more: what has one is sent again. Nil for the epoch means that there is no state at all.
    mutating func voidReceipts(except epoch: Epoch?) -> Bool {
        var left = acknowledged
        var found = false
        for index in items.indices {
            if left == 0 { break }
            guard let receipt = items[index].receipt else { continue }
            left -= 1
            if receipt.position.epoch == epoch { continue }
            alter(index) { $0.sendAgain() }
            found = true
        }
        return found
    }

    // MARK: Leaving

    /// Takes changes out.
    mutating func take(where isChosen: (PendingChange) -> Bool) -> [PendingChange] {
        let taken = items.filter(isChosen)
        if taken.isEmpty { return [] }
        items.removeAll(where: isChosen)
        for item in taken { forget(item) }
        return taken
    }

    /// Takes out what a state that has everything up to this position confirms.
    mutating func confirm(upTo position: PositionToken) -> [PendingChange] {
        var confirmed: [String: UInt64] = [:]
        var left = acknowledged
        for item in items {
            if left == 0 { break }
            guard let receipt = item.receipt?.position else { continue }
            left -= 1
            if receipt.epoch == position.epoch, receipt.number <= position.number {
                confirmed[item.client] = item.number
            }
        }
        if confirmed.isEmpty { return [] }
        return take { $0.number <= confirmed[$0.client] ?? 0 }
    }

    /// Takes a change out that was refused, and whose number was therefore not taken: it goes to the next change, because the store takes no
    /// gaps. Not if later ones are on their way, or may be: such a number could still arrive, and under the old name must never be the next.
    mutating func remove(_ refused: PendingChange) {
        items.removeAll { $0.order == refused.order }
        forget(refused)
        let later = items.indices.filter {
            items[$0].client == refused.client && items[$0].number > refused.number
        }
        if let first = later.first, later.contains(where: { items[$0].isSent || items[$0].isStray }) {
            return rename(from: items[first])
        }
        for index in later {
            alter(index) { $0.rename(to: refused.client, number: $0.number - 1) }
            unsaved.put.insert(items[index].order)
        }
        if refused.client == name {
            last -= 1
            unsaved.isRenamed = true
        }
    }

    /// A new name, under which this change and those behind it count from 1: numbers of the old one will never be taken again.
    mutating func rename(from change: PendingChange) {
        generation += 1
        last = 0
        unsaved.isRenamed = true
        for index in items.indices where items[index].order >= change.order {
            last += 1
            let (name, number) = (name, last)
            alter(index) { $0.rename(to: name, number: number) }
            unsaved.put.insert(items[index].order)
        }
    }

    private mutating func forget(_ item: PendingChange) {
        count(item, -1)
        hasGaps = true
        unsaved.put.remove(item.order)
        unsaved.drop.append(item.order)
    }

    // MARK: Keeping

    /// What has to be written down so that a later start goes on from here; nil if nothing of that has changed since this was asked last.
    mutating func saving() -> KeptQueue.Update? {
        defer {
            unsaved = ([], [], false)
            hasGaps = false
        }
        if unsaved.put.isEmpty, unsaved.drop.isEmpty, !unsaved.isRenamed { return nil }
        // Those at the end are the ones that have just come, mostly.
        let first = unsaved.put.min() ?? .max
        let put = items[(items.lastIndex { $0.order < first } ?? -1) + 1..<items.count]
            .filter { unsaved.put.contains($0.order) }
        return KeptQueue.Update(
            client: client, generation: generation, last: last, put: put.map(\.kept), drop: unsaved.drop)
    }

    /// The furthest receipt of this epoch: what a state has to reach to confirm all that is acknowledged.
    func furthestReceipt(in epoch: Epoch) -> PositionToken? {
        items.compactMap { $0.receipt?.position }.filter { $0.epoch == epoch }.max { $0.number < $1.number }
    }
}
