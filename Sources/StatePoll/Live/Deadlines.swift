// When waiting clients of one event loop have to be answered: one timer for all of them. NIO's own timers are looked for one by one when
// they are cancelled, and a new version cancels thousands at once.

import HeapModule
import NIOCore

/// Somebody whose time will be over.
protocol Expiring: AnyObject {
    func timeIsOver()
}

final class Deadlines {
    private let eventLoop: any EventLoop
    /// By the time at which they are told, in slots since the clock began.
    private var slots: [UInt64: [ObjectIdentifier: any Expiring]] = [:]
    /// The slots with somebody in them, and some in which nobody is any more.
    private var order = Heap<UInt64>()
    private var timer: Scheduled<Void>?
    private var timerSlot = UInt64.max

    /// All whose time is over within so many nanoseconds are told together, at the beginning: early, never late.
    private static let slotTime: UInt64 = 10_000_000

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Where somebody stands, to be given back for leaving.
    struct Place {
        fileprivate let slot: UInt64
    }

    func add(_ one: any Expiring, at deadline: NIODeadline) -> Place {
        let slot = deadline.uptimeNanoseconds / Self.slotTime
        if slots[slot] == nil { order.insert(slot) }
        slots[slot, default: [:]][ObjectIdentifier(one)] = one
        if slot < timerSlot { setTimer(slot) }
        return Place(slot: slot)
    }

    func remove(_ one: any Expiring, from place: Place) { slots[place.slot]?[ObjectIdentifier(one)] = nil }

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
            for one in (slots.removeValue(forKey: slot) ?? [:]).values { one.timeIsOver() }
        }
        forgetEmpty()
        if let slot = order.min { setTimer(slot) }
    }

    /// Slots that nobody is in any more need no timer.
    private func forgetEmpty() {
        while let slot = order.min, slots[slot]?.isEmpty ?? true {
            order.removeMin()
            slots[slot] = nil
        }
    }
}
