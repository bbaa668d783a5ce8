// Counts and times requests, by route and class of status.

import HTTPTypes
import Hummingbird
import Metrics

struct RequestMetrics: RouterMiddleware {
    typealias Context = HTTPContext

    /// What is known of one route. Made once: looking metrics up by their labels costs more than a small request.
    private struct Series: Sendable {
        /// By first digit of the status, from 2 on.
        let counters: [Counter]
        let prompt: Timer
        let labels: [(String, String)]

        init(method: String, route: String, factory: any MetricsFactory) {
            let labels = [("method", method), ("route", route)]
            self.labels = labels
            counters = RequestMetrics.counters(labels, factory)
            prompt = RequestMetrics.timer(labels, mayWait: false, factory)
        }

        func count(_ status: HTTPResponse.Status) {
            counters[RequestMetrics.place(of: status.code)].increment()
        }

        /// Requests that may wait have a series apart: in one with theirs, the times of all others would mean nothing.
        /// Looked up each time, because few routes have any and the lookup is little beside a wait.
        func waiting(_ factory: any MetricsFactory) -> Timer {
            RequestMetrics.timer(labels, mayWait: true, factory)
        }
    }

    /// How many requests of a route were answered, by first digit of the status, from 2 on.
    static func counters(_ labels: [(String, String)], _ factory: any MetricsFactory) -> [Counter] {
        (2...5).map { Counter(label: "http_requests", dimensions: labels + [("status", "\($0)xx")], factory: factory) }
    }

    /// Where a status counts among these.
    static func place(of status: Int) -> Int { min(max(status / 100, 2), 5) - 2 }

    /// How long they took: those that may wait, and the others.
    static func timer(_ labels: [(String, String)], mayWait: Bool, _ factory: any MetricsFactory) -> Timer {
        Timer(
            label: "http_request_seconds", dimensions: labels + [("wait", mayWait ? "yes" : "no")], factory: factory)
    }

    private let series: [String: [HTTPRequest.Method: Series]]
    private let unrouted: Series
    private let inFlight: Meter
    private let factory: any MetricsFactory

    init(routes: [Routes.Route], factory: any MetricsFactory) {
        var series: [String: [HTTPRequest.Method: Series]] = [:]
        for route in routes {
            let own = Series(method: route.method.rawValue, route: route.template, factory: factory)
            // As the router spells the template when it has found it.
            series[RouterPath(route.template).description, default: [:]][route.method] = own
        }
        self.series = series
        self.factory = factory
        unrouted = Series(method: "other", route: "none", factory: factory)
        inFlight = Self.inFlight(factory)
    }

    /// Requests that have begun and are not answered.
    static func inFlight(_ factory: any MetricsFactory) -> Meter {
        Meter(label: "http_requests_in_flight", factory: factory)
    }

    func handle(
        _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        inFlight.increment()
        defer { inFlight.decrement() }
        let response = try await next(request, context)
        let method: HTTPRequest.Method = request.method == .head ? .get : request.method
        let own = context.endpointPath.flatMap { series[$0]?[method] } ?? unrouted
        own.count(response.status)
        let timer = Preferences(request.headers).wait == nil ? own.prompt : own.waiting(factory)
        timer.recordNanoseconds((ContinuousClock.now - start).wholeNanoseconds)
        return response
    }
}

extension Duration {
    /// Nanoseconds, rounded down.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
