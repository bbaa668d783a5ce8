// What was acknowledged stays.

import SystemSupport

extension Check {
    /// A state at or past the position of a receipt, in its epoch, has the change in it; and a change is appended once in an epoch.
    static let nothingLost = Check(promise: "nothing acknowledged is lost within an epoch") { events, _ in
        struct Line: Hashable {
            let application: String
            let epoch: String
        }
        var receipts: [Line: [String: Int]] = [:]
        var created: [Line: Set<String>] = [:]
        var found: [(Int, String)] = []
        for (place, event) in events.enumerated() {
            guard case .acknowledged(let id, let application, let receipt, let isNew) = event, !Witness.isRejected(id)
            else { continue }
            let line = Line(application: application, epoch: receipt.epoch)
            // A repeat may get an upper bound of its position.
            receipts[line, default: [:]][id] = min(receipt.number, receipts[line]?[id] ?? .max)
            if isNew, !created[line, default: []].insert(id).inserted {
                found.append((place, "\(id) was appended again in its epoch, at \(receipt)"))
            }
        }
        for (place, sight) in events.differentSights {
            let line = Line(application: sight.application, epoch: sight.position.epoch)
            guard let promised = receipts[line] else { continue }
            let set = Set(sight.witness.set)
            let missing = promised.filter { $0.value <= sight.position.number && !set.contains($0.key) }.keys.sorted()
            if !missing.isEmpty {
                found.append(
                    (place, "the state of \(sight.application) at \(sight.position) is without \(missing.prefix(5))"))
            }
        }
        return found
    }

    /// Where Redis keeps what it acknowledged, a restart loses nothing at all: no change is appended twice, no application is forgotten.
    static let nothingVanishes = Check(promise: "nothing acknowledged is lost by a restart") { events, mayLose in
        guard !mayLose else { return [] }
        var created: Set<String> = []
        var found: [(Int, String)] = []
        for (place, event) in events.enumerated() {
            switch event {
            case .acknowledged(let id, let application, let receipt, let isNew):
                if isNew, !created.insert("\(application) \(id)").inserted {
                    found.append((place, "\(id) was appended once more, at \(receipt)"))
                }
            case .unknown(let application, let server, let version):
                // Without a version a server may answer from what it knew a moment ago.
                if let version {
                    found.append((place, "server \(server) did not know \(application), polled with \(version)"))
                }
            case .sent, .saw, .unchanged, .strange, .outcome, .fault, .quiet, .settled, .unsettled, .operation, .told,
                .followed, .untold:
                continue
            }
        }
        return found
    }

    /// Once faults are over, everything acknowledged comes to every server soon.
    static let liveness = Check(promise: "everything acknowledged is merged soon") { events, _ in
        events.enumerated().compactMap { place, event in
            guard case .unsettled(let application, let server, let seconds, let missing) = event else { return nil }
            return (
                place,
                "after \(seconds) s server \(server) did not have \(missing.prefix(5)) (\(missing.count)) of \(application)"
            )
        }
    }
}
