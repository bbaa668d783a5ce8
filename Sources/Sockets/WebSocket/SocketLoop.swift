// What all sockets of one event loop share, and nobody else touches. One timer for all of them costs less than one for each.

package import HTTPService
package import NIOCore

package final class SocketLoop {
    package let eventLoop: any EventLoop
    package let limits: SocketLimits
    /// The memory for incomplete messages, shared with the other loops.
    let incomplete: BodyBudget

    private var sockets = PlacedList<SocketHandler> { $0.place = $1 }
    private var timer: RepeatedTask?

    package init(on eventLoop: any EventLoop, limits: SocketLimits, incomplete: BodyBudget) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.incomplete = incomplete
    }

    /// How long one socket may be silent before it is pinged.
    func silence() -> Duration {
        let span = limits.silence.upperBound - limits.silence.lowerBound
        return limits.silence.lowerBound + span * Double.random(in: 0...1)
    }

    // MARK: Sockets

    func opened(_ socket: SocketHandler) {
        sockets.append(socket)
        if timer == nil { start() }
    }

    func closed(_ socket: SocketHandler) {
        sockets.remove(at: socket.place)
        if sockets.isEmpty { stop() }
    }

    // MARK: Ticks

    /// Fine enough that no deadline is missed by more than a quarter of the shortest, and no finer than a tick a second.
    private var tickTime: TimeAmount {
        let shortest = min(
            limits.silence.lowerBound, limits.pongDeadline, limits.closeDeadline, limits.messageDeadline,
            limits.writeStall, limits.linger, .seconds(4))
        return max(TimeAmount(shortest / 4), .milliseconds(5))
    }

    /// Only while there are sockets.
    private func start() {
        let time = tickTime
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: time, delay: time) { _ in own.value.tick() }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }

    private func tick() {
        let now = eventLoop.now
        for index in sockets.indices.reversed() where index < sockets.count { sockets[index].tick(now) }
    }
}
