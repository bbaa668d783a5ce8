// What one event loop knows of the applications that are polled on it, found by the bytes of their names.

import Fold
import HTTPService
import NIOCore

/// One application as this event loop last saw it.
final class PollPlace {
    let name: [UInt8]
    let live: LiveState
    private var seen: Seen

    var served: ServedState { seen.served }

    /// What there was to see.
    private struct Seen {
        let edition: UInt64
        let served: ServedState
        let etag: [UInt8]
        let weakETag: [UInt8]
        var gzip: PreparedAnswer?

        init?(_ live: LiveState) {
            let (edition, served) = live.fetch()
            guard let served else { return nil }
            self.edition = edition
            self.served = served
            etag = Array(served.etag.utf8)
            weakETag = Array(served.weakETag.utf8)
        }
    }

    /// Nil if there is nothing to answer with.
    init?(name: [UInt8], live: LiveState) {
        guard let seen = Seen(live) else { return nil }
        self.name = name
        self.live = live
        self.seen = seen
    }

    /// - Returns: false if there is nothing to answer with any more.
    func refresh() -> Bool {
        guard live.edition != seen.edition else { return true }
        guard let seen = Seen(live) else { return false }
        self.seen = seen
        return true
    }

    /// Whether a field names this version and nothing else.
    func isVersion(_ field: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        bytes.equals(seen.etag, at: field) || bytes.equals(seen.weakETag, at: field)
    }

    /// Whether a field names an earlier version of the present epoch. All else, lists and unknown versions among it, needs thought.
    func isOlder(_ field: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        guard let version = VersionToken(bytes.text(in: field)) else { return false }
        return version.epoch == served.epoch && version.number < served.version
    }

    /// The state with gzip coding, nil as long as nobody has compressed it.
    func gzip() -> PreparedAnswer? {
        if let gzip = seen.gzip { return gzip }
        guard served.content.gzip != nil else { return nil }
        seen.gzip = PreparedAnswer(StateAnswer(form: .full(served.content), served: served, coding: .gzip))
        return seen.gzip
    }
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
    mutating func place(of name: Range<Int>, in bytes: Span<UInt8>) -> PollPlace? {
        let key = hash(of: name, in: bytes)
        if let place = places[key] {
            guard bytes.equals(place.name, at: name) else { return nil }
            if !place.live.isRetired { return place.refresh() ? place : nil }
            places[key] = nil
        }
        guard let application = try? ApplicationID(bytes.text(in: name)), let live = states.live(application),
            let place = PollPlace(name: Array(application.description.utf8), live: live)
        else { return nil }
        places[key] = place
        return place
    }

    /// No more places are left than the table has applications.
    mutating func tidy() { places = places.filter { !$0.value.live.isRetired } }

    private func hash(of name: Range<Int>, in bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe bytes.extracting(name).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
