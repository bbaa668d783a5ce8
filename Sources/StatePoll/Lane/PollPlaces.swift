// What one event loop knows of the applications that are polled on it, found by the bytes of their names.

import Fold
import HTTPService
import NIOCore

/// One application as this event loop last saw it. Connections whose next poll may be the same keep it, with nothing in it once the
/// application is out of the table.
final class PollPlace {
    let application: ApplicationID
    let name: [UInt8]
    /// As it was the last time.
    private(set) var seen: Seen?
    /// Polls since somebody took them. Only this event loop counts here.
    fileprivate var polls = 0

    /// What there was to see.
    final class Seen {
        let live: LiveState
        let edition: UInt64
        let served: ServedState
        private let etag: [UInt8]
        private let weakETag: [UInt8]
        private var compressed: PreparedAnswer?

        /// Nil if there is nothing to answer with.
        fileprivate init?(_ live: LiveState) {
            let (edition, served) = live.fetch()
            guard let served else { return nil }
            self.live = live
            self.edition = edition
            self.served = served
            etag = Array(served.etag.utf8)
            weakETag = Array(served.weakETag.utf8)
        }

        /// Whether there is nothing newer to see.
        var isCurrent: Bool { live.edition == edition && !live.isRetired }

        /// Whether a field names this version and nothing else.
        func isVersion(_ field: Range<Int>, in bytes: Span<UInt8>) -> Bool {
            bytes.equals(etag, at: field) || bytes.equals(weakETag, at: field)
        }

        /// Whether a field names an earlier version of the present epoch. All else, lists and unknown versions among it, needs
        /// thought.
        func isOlder(_ field: Range<Int>, in bytes: Span<UInt8>) -> Bool {
            guard let version = VersionToken(bytes.text(in: field)) else { return false }
            return version.epoch == served.epoch && version.number < served.version
        }

        /// The state with gzip coding, nil as long as nobody has compressed it.
        var gzip: PreparedAnswer? {
            if let compressed { return compressed }
            guard served.content.gzip != nil else { return nil }
            compressed = PreparedAnswer(StateAnswer(form: .full(served.content), served: served, coding: .gzip))
            return compressed
        }
    }

    fileprivate init?(_ application: ApplicationID, live: LiveState) {
        guard let seen = Seen(live) else { return nil }
        self.application = application
        name = Array(application.description.utf8)
        self.seen = seen
    }

    func countPoll() { polls &+= 1 }

    /// What there is to see now; nil if that is nothing.
    fileprivate func look() -> Seen? {
        guard let seen, !seen.isCurrent else { return seen }
        if seen.live.isRetired { forget() } else if let new = Seen(seen.live) { self.seen = new } else { return nil }
        return self.seen
    }

    fileprivate var isRetired: Bool { seen?.live.isRetired ?? true }

    fileprivate func forget() { seen = nil }
}

struct PollPlaces {
    private let states: States
    /// By the seeded hash of the name, so that nobody can choose names that collide. Of two that do all the same, the second is not
    /// kept here.
    private var places: [Int: PollPlace] = [:]

    init(of states: States) {
        self.states = states
    }

    /// Nil if there is nothing to answer with at once.
    mutating func look(at name: Range<Int>, in bytes: Span<UInt8>) -> (place: PollPlace, seen: PollPlace.Seen)? {
        let key = hash(of: name, in: bytes)
        if let place = places[key] {
            guard bytes.equals(place.name, at: name) else { return nil }
            if !place.isRetired { return place.look().map { (place, $0) } }
            place.forget()
            places[key] = nil
        }
        guard let application = try? ApplicationID(bytes.text(in: name)), let live = states.live(application),
            let place = PollPlace(application, live: live), let seen = place.seen
        else { return nil }
        places[key] = place
        return (place, seen)
    }

    /// For a poll that is not answered from its place.
    func countPoll(of name: Range<Int>, in bytes: Span<UInt8>) {
        guard let place = places[hash(of: name, in: bytes)], bytes.equals(place.name, at: name) else { return }
        place.countPoll()
    }

    /// How often each application was polled since the last call; those that were not are left out.
    func takePolls() -> [ApplicationID: Int] {
        var polls: [ApplicationID: Int] = [:]
        for place in places.values where place.polls > 0 {
            polls[place.application] = place.polls
            place.polls = 0
        }
        return polls
    }

    /// No more places are left than the table has applications.
    mutating func tidy() {
        places = places.filter { _, place in
            guard place.isRetired else { return true }
            place.forget()
            return false
        }
    }

    private func hash(of name: Range<Int>, in bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe bytes.extracting(name).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
