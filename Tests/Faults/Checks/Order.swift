// In which order changes are applied, and how often.

import SystemSupport

extension Check {
    /// Every change counts itself in three ways that have to agree: a number, a set, and a list.
    static let onlyOnce = Check(promise: "a change is applied once") { events, _ in
        var found: [(Int, String)] = []
        for (place, sight) in events.differentSights {
            let witness = sight.witness
            let set = Set(witness.set)
            let isWhole =
                witness.n == witness.order.count && witness.order == witness.set && set.count == witness.set.count
            if !isWhole {
                var seen: Set<String> = []
                let twice = witness.order.filter { !seen.insert($0).inserted }
                found.append(
                    (
                        place,
                        "\(sight.version) of \(sight.application) counts \(witness.n), lists \(witness.order.count), "
                            + "knows \(set.count); twice: \(twice.prefix(5))"
                    ))
            }
        }
        return found
    }

    /// The list of a later state begins with that of an earlier one: within an epoch always, beyond it if nothing may be lost.
    static let oneOrder = Check(promise: "all see one order", isOfAllSeen: true) { events, mayLose in
        struct Line: Hashable {
            let application: String
            let epoch: String
        }
        var lines: [Line: [(place: Int, sight: Sight)]] = [:]
        for seen in events.differentSights {
            let epoch = mayLose ? seen.sight.version.epoch : ""
            lines[Line(application: seen.sight.application, epoch: epoch), default: []].append(seen)
        }
        return lines.values.flatMap { seen in
            let sorted = seen.sorted {
                ($0.sight.witness.order.count, $0.place) < ($1.sight.witness.order.count, $1.place)
            }
            return zip(sorted, sorted.dropFirst()).compactMap { shorter, longer -> (Int, String)? in
                if longer.sight.witness.order.starts(with: shorter.sight.witness.order) { return nil }
                return (
                    max(longer.place, shorter.place),
                    "\(longer.sight.version) of \(longer.sight.application) does not go on from \(shorter.sight.version)"
                )
            }
        }
    }

    /// Changes are in the list in the order of the positions that their first acknowledgements gave; and, if nothing may be lost, one
    /// that was acknowledged before another was sent stands before it.
    static let orderOfAcknowledgements = Check(promise: "positions are the order") { events, mayLose in
        var positions: [String: [String: Token]] = [:]
        var sent: [String: [String: Int]] = [:]
        var acknowledged: [String: [String: Int]] = [:]
        for (place, event) in events.enumerated() {
            switch event {
            case .sent(let id, let application, _): sent[application, default: [:]][id] = place
            case .acknowledged(let id, let application, let receipt, let isNew):
                if isNew { positions[application, default: [:]][id] = receipt }
                if acknowledged[application]?[id] == nil { acknowledged[application, default: [:]][id] = place }
            case .saw, .unchanged, .unknown, .strange, .outcome, .fault, .quiet, .settled, .unsettled, .operation,
                .told, .followed, .untold:
                continue
            }
        }
        return longest(events).flatMap { place, sight -> [(Int, String)] in
            var found: [(Int, String)] = []
            var last: [String: (id: String, number: Int)] = [:]
            for id in sight.witness.order {
                guard let receipt = positions[sight.application]?[id] else { continue }
                // In a round that loses changes, only the epoch of this state tells where they are now.
                if mayLose, receipt.epoch != sight.version.epoch { continue }
                if let before = last[receipt.epoch], before.number >= receipt.number {
                    found.append((place, "\(id) has position \(receipt) and stands behind \(before)"))
                }
                last[receipt.epoch] = (id, receipt.number)
            }
            guard !mayLose else { return found }
            // From the end: nobody may have been sent only after one that stands behind it was acknowledged.
            var earliest = (place: Int.max, id: "")
            for id in sight.witness.order.reversed() {
                if let start = sent[sight.application]?[id], start > earliest.place {
                    found.append((place, "\(id) was sent after \(earliest.id) was acknowledged, and stands before it"))
                }
                if let end = acknowledged[sight.application]?[id], end < earliest.place { earliest = (end, id) }
            }
            return found
        }
    }

    /// The changes of a client that numbers them are applied in its order.
    static let ordersOfClients = Check(promise: "a client's numbered changes keep their order") { events, _ in
        longest(events).flatMap { place, sight -> [(Int, String)] in
            var last: [Substring: Int] = [:]
            return sight.witness.order.compactMap { id -> (Int, String)? in
                let parts = id.split(separator: "~")
                guard parts.count == 2, let number = Int(parts[1]) else { return nil }
                var expected = (last[parts[0]] ?? 0) + 1
                if Witness.isRejected("\(parts[0])~\(expected)") { expected += 1 }
                defer { last[parts[0]] = number }
                return number == expected
                    ? nil : (place, "\(id) follows \(last[parts[0]] ?? 0) in \(sight.version) of \(sight.application)")
            }
        }
    }

    /// The longest list of each epoch of each application.
    private static func longest(_ events: [Event]) -> [(place: Int, sight: Sight)] {
        var longest: [String: (place: Int, sight: Sight)] = [:]
        for seen in events.differentSights {
            let key = "\(seen.sight.application) \(seen.sight.version.epoch)"
            if seen.sight.witness.order.count > longest[key]?.sight.witness.order.count ?? -1 { longest[key] = seen }
        }
        return longest.values.sorted { $0.place < $1.place }
    }
}
