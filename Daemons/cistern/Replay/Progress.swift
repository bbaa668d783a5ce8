// How far a replay is: a bar that is drawn over on a terminal, a line now and then elsewhere.

struct Progress {
    let name: String
    let total: Int
    private let terminal: Terminal
    private var lastShown: ContinuousClock.Instant
    private let start: ContinuousClock.Instant

    init(name: String, total: Int, terminal: Terminal = .error) {
        self.name = name
        self.total = total
        self.terminal = terminal
        start = .now
        lastShown = start
    }

    /// Often enough to look alive, seldom enough to cost nothing.
    private var interval: Duration { terminal.isInteractive ? .milliseconds(100) : .seconds(5) }

    mutating func show(_ done: Int) {
        let now = ContinuousClock.now
        guard now - lastShown >= interval else { return }
        lastShown = now
        draw(done, elapsed: now - start)
    }

    func finish(_ done: Int) {
        if terminal.isInteractive {
            draw(done, elapsed: .now - start)
            _ = terminal.tryToWrite([UInt8(ascii: "\n")])
        }
    }

    private func draw(_ done: Int, elapsed: Duration) {
        let facts = "\(Wording.count(done))/\(Wording.count(total))  \(Wording.rate(done, in: elapsed))"
        guard let width = terminal.width else { return terminal.print("\(name): \(facts)") }
        let room = min(40, width - name.count - facts.count - 6)
        let bar = room >= 8 ? "[\(Self.bar(done: done, total: total, width: room))] " : ""
        _ = terminal.tryToWrite(Array("\r\(name) \(bar)\(facts)\u{1B}[K".utf8))
    }

    static func bar(done: Int, total: Int, width: Int) -> String {
        let filled = total > 0 ? min(width, done * width / total) : width
        return String(repeating: "=", count: max(0, filled - 1)) + (filled > 0 ? (filled < width ? ">" : "=") : "")
            + String(repeating: " ", count: width - filled)
    }
}
