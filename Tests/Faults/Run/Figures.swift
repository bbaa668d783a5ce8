/// What a run did, counted.
struct Figures: Sendable, CustomStringConvertible {
    var rounds = 0
    var losingRounds = 0
    var acknowledged = 0
    var states = 0
    var unchanged = 0
    var ownReads = 0
    /// Long-running operations that were made, how often one was claimed, and results that were taken.
    var made = 0
    var claimed = 0
    var done = 0
    /// What webhooks were sent, and what of it was taken.
    var sent = 0
    var taken = 0
    var faults: [String: Int] = [:]
    var slowestRecovery: Duration = .zero
    var slowestTelling: Duration = .zero
    var violations: [Violation] = []

    init() {}

    mutating func add(_ outcome: Round.Outcome, mayLose: Bool) {
        rounds += 1
        losingRounds += mayLose ? 1 : 0
        slowestTelling = max(slowestTelling, outcome.telling)
        slowestRecovery = max(slowestRecovery, outcome.recovery)
        violations += outcome.violations
        for event in outcome.history.events {
            switch event {
            case .acknowledged: acknowledged += 1
            case .saw(let sight):
                states += 1
                if sight.atLeast != nil { ownReads += 1 }
            case .unchanged: unchanged += 1
            case .operation(let heard): add(heard.news)
            case .told(let told):
                sent += 1
                taken += told.isTaken ? 1 : 0
            case .fault(let description):
                faults[String(description.prefix { $0 != " " }), default: 0] += 1
            case .sent, .unknown, .strange, .outcome, .quiet, .settled, .unsettled, .followed, .untold: continue
            }
        }
    }

    private mutating func add(_ news: OperationNews.News) {
        switch news {
        case .made(let isNew): made += isNew ? 1 : 0
        case .claimed: claimed += 1
        case .done: done += 1
        case .stands, .fetched, .heard, .refused, .returning, .cancelled, .absent: break
        }
    }

    var description: String {
        let kinds = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return """
            rounds            \(rounds), in \(losingRounds) of them Redis lost its tail
            operations        \(acknowledged + states + unchanged): \(acknowledged) acknowledgements, \(states) states \
            (\(ownReads) with at_least), \(unchanged) unchanged
            long-running      \(made) made, \(claimed) claimed, \(done) results
            webhooks          \(sent) sent, \(taken) taken; all were told \(slowestTelling.milliseconds) ms after faults at the latest
            faults            \(faults.values.reduce(0, +)): \(kinds)
            recoveries        \(rounds), the slowest in \(slowestRecovery.milliseconds) ms
            violations        \(violations.count)
            """
    }
}
