// What all connections of one event loop share, and nobody else touches: the lanes, the buffer for answers, the date, and the look
// now and then at whose time is over. One timer for all connections costs less than one for each request.

import Metrics
import NIOCore

final class LoopServices {
    let eventLoop: any EventLoop
    let times: FrontTimes
    let scanLimits: ScanLimits
    let bodies: BodyBudget
    let rates: RequestRates?
    let answers: AnswerBuffer
    let slots: [LaneSlot]
    let leavesAtFirst: Bool
    let crossOrigin: CrossOriginFields?
    let httpPipeline: HTTPPipeline
    var recent = RecentRequests()
    /// The server is about to stop: the next answer of each connection is its last one.
    var isDraining = false

    var admission: LaneAdmission

    private let limits: HTTPLimits
    private let date: DateClock
    private var load = LoopLoad()
    private let loadGauge: Gauge
    private var connections = PlacedList<ConnectionFront> { $0.place = $1 }
    private var timer: RepeatedTask?

    /// - Parameter number: names the loop in metrics.
    init(
        _ eventLoop: any EventLoop, number: Int, lanes: [any ExpressLaneProvider], leavesAtFirst: Bool,
        crossOrigin: CrossOriginPolicy?,
        limits: HTTPLimits, permission: any Permission, bodies: BodyBudget, rates: RequestRates? = nil,
        date: DateClock, metrics: any MetricsFactory, httpPipeline: HTTPPipeline
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.bodies = bodies
        self.rates = rates
        self.date = date
        self.httpPipeline = httpPipeline
        self.leavesAtFirst = leavesAtFirst
        self.crossOrigin = crossOrigin.map(CrossOriginFields.init)
        admission = LaneAdmission(permission)
        times = FrontTimes(limits)
        scanLimits = ScanLimits(limits)
        answers = AnswerBuffer()
        slots = lanes.map { LaneSlot($0.makeLane(on: eventLoop), metrics: metrics) }
        loadGauge = Gauge(label: "http_loop_load", dimensions: [("loop", "\(number)")], factory: metrics)
        answers.setDate(date.now)
    }

    // MARK: Connections

    var requestsPerConnection: Int { limits.requestsPerConnection ?? .max }

    var connectionCount: Int { connections.count }

    func opened(_ connection: ConnectionFront) { connections.append(connection) }

    func closed(_ connection: ConnectionFront) { connections.remove(at: connection.place) }

    /// Whether a connection is open whose client may send a request at any moment, or has.
    var isExpectingRequests: Bool { connections.indices.contains { !connections[$0].isPatient } }

    // MARK: Ticks

    /// Fine enough that no deadline is missed by more than a quarter of the shortest, and no finer than a tick a second.
    private var tickTime: TimeAmount {
        let shortest = min(limits.headDeadline, limits.bodyDeadline, limits.keepAlive, limits.writeStall, .seconds(4))
        return max(TimeAmount(shortest / 4), .milliseconds(5))
    }

    func start() {
        let time = tickTime
        _ = load.next(.present)
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: time, delay: time) { _ in own.value.tick() }
    }

    func stop() {
        timer?.cancel()
        timer = nil
        for slot in slots { slot.report() }
    }

    private func tick() {
        answers.setDate(date.now)
        recent.age()
        let load = load.next(.present)
        loadGauge.record(load)
        for slot in slots {
            slot.report()
            slot.lane.tidy(load: load)
        }
        let now = NIODeadline.now()
        admission.tidy(now)
        for index in connections.indices.reversed() where index < connections.count { connections[index].tick(now) }
    }
}
