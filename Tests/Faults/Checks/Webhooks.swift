// What webhooks promise. Where Redis loses its tail, deliveries are as they were before, and what is sent then may be made anew.

import SystemSupport

extension Check {
    static let signed = Check(promise: "what webhooks are sent is signed") { events, _ in
        events.tellings.compactMap { place, told in
            told.isSigned ? nil : (place, "\(told.delivery), \(told.news), has a signature that is not of its bytes")
        }
    }

    /// Who is sent something again can tell that by its id, and finds the same bytes. Each event has one delivery.
    static let oneDelivery = Check(promise: "a delivery has one id and one body", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        var bodies: [String: Int] = [:]
        var ends: [OperationName: String] = [:]
        return events.tellings.compactMap { place, told in
            if let other = bodies.updateValue(told.digest, forKey: told.delivery), other != told.digest {
                return (place, "\(told.delivery) had another body")
            }
            guard case .ended(let operation, _) = told.news,
                let other = ends.updateValue(told.delivery, forKey: operation), other != told.delivery
            else { return nil }
            return (place, "the end of \(operation) is told as \(told.delivery), and was as \(other)")
        }
    }

    /// Webhooks are told of the end that everybody sees.
    static let toldEnds = Check(promise: "what webhooks are told of operations is so", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        var told: [OperationName: (place: Int, standing: OperationStanding)] = [:]
        for (place, telling) in events.tellings {
            if case .ended(let operation, let standing) = telling.news { told[operation] = (place, standing) }
        }
        return events.news.compactMap { _, heard in
            guard case .stands(let standing) = heard.news, let end = told[heard.operation],
                standing.isOver || heard.asked > end.place, standing != end.standing
            else { return nil }
            return (end.place, "\(heard.operation) is told to be \(end.standing), and is \(standing)")
        }
    }

    /// Who polls with a version of which it was told gets that or a newer one, from any server.
    static let toldStates = Check(promise: "versions that webhooks are told of can be polled") { events, mayLose in
        events.enumerated().compactMap { place, event in
            guard case .followed(let application, let version, let server, let answer) = event else { return nil }
            switch answer {
            case .current: return nil
            case .unknown:
                return mayLose
                    ? nil : (place, "server \(server) does not know \(application), told to be at \(version)")
            case .other(let other):
                guard other.epoch == version.epoch, other.number < version.number else { return nil }
                return (place, "server \(server) has \(other) of \(application), told to be at \(version)")
            }
        }
    }

    /// Once faults are over, the last version of each application and each end of an operation that somebody saw have arrived soon.
    static let tellings = Check(promise: "webhooks are told soon") { events, _ in
        events.enumerated().compactMap { place, event in
            guard case .untold(let application, let seconds, let what) = event else { return nil }
            return (
                place, "after \(seconds) s nobody had been told of \(what.prefix(5)) (\(what.count)) of \(application)"
            )
        }
    }
}

extension [Event] {
    /// All that came to the endpoint, with its places.
    fileprivate var tellings: [(place: Int, told: Told)] {
        enumerated().compactMap { place, event in
            if case .told(let told) = event { (place, told) } else { nil }
        }
    }
}
