/// How long to wait before a process that ended is started again: longer each time, until it has held out for a while. Pure.
struct RestartPauses {
    static let first: Duration = .milliseconds(200)
    static let longest: Duration = .seconds(10)
    /// Having lasted this long, it counts as healthy.
    static let healthyAfter: Duration = .seconds(30)

    private var failures = 0

    mutating func pause(afterLasting lasted: Duration) -> Duration {
        if lasted >= Self.healthyAfter { failures = 0 }
        defer { failures += 1 }
        return min(Self.first * (1 << min(failures, 10)), Self.longest)
    }
}
