import SystemSupport

// The promises, each as a function over a recorded history. `mayLose` tells a round in which Redis lost the end of its log: there an
// acknowledged change may be lost, but only together with an epoch.

/// A promise that was broken.
struct Violation: Sendable, Equatable, CustomStringConvertible {
    var promise: String
    /// The index of the event that shows it.
    var place: Int
    var sentence: String

    var description: String { "\(promise), at event \(place): \(sentence)" }
}

struct Check: Sendable {
    let promise: String
    /// It is about what was seen, too, which may be lost where nothing that was acknowledged is.
    var isOfAllSeen = false
    /// Gives a place and a sentence for everything that breaks it.
    let find: @Sendable (_ events: [Event], _ mayLose: Bool) -> [(Int, String)]

    func violations(in events: [Event], mayLose: Bool) -> [Violation] {
        find(events, mayLose).map { Violation(promise: promise, place: $0.0, sentence: $0.1) }
    }

    static let all: [Check] = [
        .oneVersionOneBytes, .neverBack, .ownReads, .ownApplication, .onlyOnce, .oneOrder, .orderOfAcknowledgements,
        .ordersOfClients, .nothingLost, .nothingVanishes, .rejections, .liveness, .contract,
        .madeOnce, .keptOperations, .oneResult, .ownResults, .oneEnd, .resultOfEnd, .fenced, .cancelled,
        .ownEnd, .attempts, .published, .signed, .oneDelivery, .toldEnds, .toldStates, .tellings,
    ]
}

extension [Event] {
    /// All states that were read, with their places.
    var sights: [(place: Int, sight: Sight)] {
        enumerated().compactMap { place, event in
            if case .saw(let sight) = event { (place, sight) } else { nil }
        }
    }

    /// One sight of each state: states with the same version, position and bytes show the same.
    var differentSights: [(place: Int, sight: Sight)] {
        var seen: Set<Face> = []
        return sights.filter {
            let sight = $0.sight
            return seen.insert(
                Face(
                    application: sight.application, version: sight.version, position: sight.position,
                    digest: sight.digest)
            ).inserted
        }
    }
}

/// What tells states apart.
private struct Face: Hashable {
    let application: String
    let version: Token
    let position: Token
    let digest: Int
}
