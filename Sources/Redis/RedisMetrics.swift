import Metrics
import NIOCore

/// What one client tells about itself. Made once per client; handlers of metrics systems are looked up only here.
struct RedisMetrics: Sendable {
    private let commands: Counter
    private let errors: Counter
    private let connections: Counter
    private let inFlight: Meter
    private let latency: Metrics.Timer

    /// - Parameters:
    ///   - client: the value of the label `client`, to tell several clients of one program apart.
    init(client: String, factory: any MetricsFactory = MetricsSystem.factory) {
        let labels = [("client", client)]
        commands = Counter(label: "redis_commands_total", dimensions: labels, factory: factory)
        errors = Counter(label: "redis_errors_total", dimensions: labels, factory: factory)
        connections = Counter(label: "redis_connections_total", dimensions: labels, factory: factory)
        inFlight = Meter(label: "redis_commands_in_flight", dimensions: labels, factory: factory)
        latency = Metrics.Timer(label: "redis_command_duration", dimensions: labels, factory: factory)
    }

    func recordCommand(latency: TimeAmount) {
        commands.increment()
        self.latency.recordNanoseconds(latency.nanoseconds)
    }

    func countError() { errors.increment() }
    func countConnection() { connections.increment() }

    /// All connections of a client add up to one figure. Called once for many commands, not for each.
    func changeInFlight(by difference: Int) {
        // A meter ignores an increment that is negative.
        if difference > 0 {
            inFlight.increment(by: Double(difference))
        } else if difference < 0 {
            inFlight.decrement(by: Double(-difference))
        }
    }
}
