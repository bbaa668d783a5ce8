/// Which of several servers is the primary, as far as those who are asked say. Pure: ``PrimaryWatch`` asks.
///
/// Sentinels say whom they take for it, and since which election (`config-epoch`): the answer of the latest one counts, and what is
/// older than an answer that counted before is a sentinel's that has missed something. Servers of a list say what they are themselves;
/// of two primaries the one counts that was promoted from the other's data. Nobody is believed further than that: a connection asks the
/// server itself for its role before it is used.
struct PrimaryChoice: Sendable {
    enum Sighting: Sendable, Equatable {
        /// A sentinel's answer.
        case names(RedisEndpoint, configEpoch: Int64)
        /// What a listed server is.
        case server(RedisServerIdentity)
        /// Nothing that can be used.
        case nothing(reason: String)
    }

    enum Decision: Sendable, Equatable {
        /// Not all have been heard of yet.
        case undecided
        case primary(RedisEndpoint)
        case nobody(reason: String)
    }

    private let places: [RedisEndpoint]
    private var sightings: [Sighting?]
    private(set) var decision = Decision.undecided
    /// Of the answer that counted last.
    private var configEpoch = Int64.min
    /// Of the listed server that counted last: the data that it was promoted from.
    private var abandoned: String?

    /// - Parameter places: who is asked; at least one.
    init(asking places: [RedisEndpoint]) {
        self.places = places
        sightings = Array(repeating: nil, count: places.count)
    }

    /// - Returns: whether the decision is another one now.
    mutating func saw(_ sighting: Sighting, at place: Int) -> Bool {
        sightings[place] = sighting
        let before = decision
        let seen = sightings.compactMap { $0 }
        if seen.count == places.count { decide(seen) }
        return decision != before
    }

    private mutating func decide(_ seen: [Sighting]) {
        var named: [(endpoint: RedisEndpoint, configEpoch: Int64)] = []
        var primaries: [(endpoint: RedisEndpoint, server: RedisServerIdentity)] = []
        for (place, sighting) in zip(places, seen) {
            switch sighting {
            case .names(let endpoint, let configEpoch): named.append((endpoint, configEpoch))
            case .server(let server) where server.role == .primary: primaries.append((place, server))
            case .server, .nothing: break
            }
        }
        if !named.isEmpty {
            decide(named)
        } else if !primaries.isEmpty {
            decide(primaries)
        } else {
            decision = .nobody(reason: reasons(seen))
        }
    }

    private mutating func decide(_ named: [(endpoint: RedisEndpoint, configEpoch: Int64)]) {
        // The first of the latest, so that sentinels that agree always lead to one.
        let latest = named.reduce(named[0]) { $1.configEpoch > $0.configEpoch ? $1 : $0 }
        // If all of them have only older ones, they were set up anew.
        if latest.configEpoch < configEpoch, named.count < places.count { return }
        configEpoch = latest.configEpoch
        decision = .primary(latest.endpoint)
    }

    private mutating func decide(_ primaries: [(endpoint: RedisEndpoint, server: RedisServerIdentity)]) {
        // One that was promoted over does not come back because its successor is silent.
        let possible = primaries.filter { $0.server.masterReplID != abandoned }
        let latest = possible.filter { one in
            possible.allSatisfy { other in
                other.endpoint == one.endpoint || other.server.masterReplID == one.server.masterReplID2
            }
        }
        guard let primary = latest.first, latest.count == 1 else {
            decision = .nobody(
                reason: possible.isEmpty
                    ? "only a primary answers that another one was promoted over (\(text(primaries)))"
                    : "several servers are primaries, and none was promoted from the others (\(text(primaries)))")
            return
        }
        abandoned = primary.server.masterReplID2
        decision = .primary(primary.endpoint)
    }

    private func text(_ primaries: [(endpoint: RedisEndpoint, server: RedisServerIdentity)]) -> String {
        primaries.map(\.endpoint.description).joined(separator: ", ")
    }

    private func reasons(_ seen: [Sighting]) -> String {
        zip(places, seen).map { place, sighting in
            switch sighting {
            case .nothing(let reason): "\(place): \(reason)"
            case .server: "\(place): it is a replica"
            case .names(let endpoint, _): "\(place): names \(endpoint)"
            }
        }.joined(separator: "; ")
    }
}
