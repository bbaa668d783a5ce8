// When waiting clients of one event loop have to be answered: one timer for all of them. NIO's own timers are looked for one by one when
// they are cancelled, and a new version cancels thousands at once.

import HTTPService
import HeapModule
import NIOCore

/// Somebody whose time will be over.
protocol Expiring: AnyObject {
    /// When it is told; nil if it is not.
    var deadline: Deadlines.Place? { get set }
    func timeIsOver()
}

final class Deadlines {
    private let eventLoop: any EventLoop
    /// By the time at which they are told, in slots since the clock began.
    private var slots: [UInt64: Slot] = [:]
    /// The slots with somebody in them, and some in which nobody is any more.
    private var order = Heap<UInt64>()
    private var timer: Scheduled<Void>?
    private var timerSlot = UInt64.max

    /// All whose time is over within so many nanoseconds are told together, at the beginning: early, never late.
    private static let slotTime: UInt64 = 10_000_000

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Those who are told together.
    fileprivate final class Slot {
        var list = PlacedList<any Expiring> { $0.deadline?.index = $1 }
    }

    /// Where somebody stands.
    struct Place {
        fileprivate let slot: Slot
        fileprivate var index = 0
    }

    /// Tells somebody when that time has come, unless it is removed before.
    func add(_ one: any Expiring, at deadline: NIODeadline) {
        let number = deadline.uptimeNanoseconds / Self.slotTime
        let slot = slot(number)
        one.deadline = Place(slot: slot)
        slot.list.append(one)
        if number < timerSlot { setTimer(number) }
    }

    private func slot(_ number: UInt64) -> Slot {
        if let known = slots[number] { return known }
        let new = Slot()
        slots[number] = new
        order.insert(number)
        return new
    }

    func remove(_ one: any Expiring) {
        guard let place = one.deadline else { return }
        one.deadline = nil
        place.slot.list.remove(at: place.index)
    }

    private func setTimer(_ slot: UInt64) {
        timer?.cancel()
        timerSlot = slot
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(slot * Self.slotTime)) { own.value.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerSlot = .max
        let now = eventLoop.now.uptimeNanoseconds / Self.slotTime
        while let slot = order.min, slot <= now {
            order.removeMin()
            guard let due = slots.removeValue(forKey: slot)?.list else { continue }
            for index in due.indices { due[index].deadline = nil }
            for index in due.indices { due[index].timeIsOver() }
        }
        forgetEmpty()
        if let slot = order.min { setTimer(slot) }
    }

    /// Slots that nobody is in any more need no timer.
    private func forgetEmpty() {
        while let slot = order.min, slots[slot]?.list.isEmpty ?? true {
            order.removeMin()
            slots[slot] = nil
        }
    }
}
