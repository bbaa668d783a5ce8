// What a poll asks for: read once from query and header fields, for the route and for the lane.

import Fold
import HTTPService
import HTTPTypes

struct StateQuestion: Sendable {
    let application: ApplicationID
    let caller: Caller
    var known = KnownVersions.none
    var view = View()
    var coding = Coding.identity
    /// With everything folded in up to here.
    var atLeast: PositionToken?
    /// With everything folded in that is in the list now.
    var isFresh = false
    /// How long the answer may wait.
    var patience: Duration?
    private var preferences = Preferences.none
    /// Whether events are wanted rather than one answer.
    var wantsEvents = false
    /// Whether events say who is here, too.
    var wantsPresence = false

    init(application: ApplicationID, from caller: Caller) {
        self.application = application
        self.caller = caller
    }

    init(application: ApplicationID, query: Query, headers: HTTPFields, from caller: Caller) throws(Problem) {
        self.init(application: application, from: caller)
        atLeast = try query.token("at_least", as: PositionToken.self)
        isFresh = try query.flag("fresh")
        view.path = try StatePath(query, of: application, for: caller)
        view.delta = DeltaForm(WeightedList(headers, .aIM))
        if WeightedList(headers, .acceptEncoding).allows("gzip") { coding = .gzip }
        known = KnownVersions(headers)
        let preferences = Preferences(headers)
        patience = preferences.wait.map { caller.time(upTo: $0) }
        self.preferences = preferences
        wantsEvents = WeightedList(headers, .accept).preferred(among: Self.mediaTypes) == ContentType.events.essence
        guard wantsEvents else { return }
        wantsPresence = try query.flag("presence")
        // A stream has a cursor of its own. Its patches are merge patches unless the client says otherwise.
        if view.delta == nil, headers[.aIM] == nil { view.delta = .mergePatch }
        if let last = headers[.lastEventID], !last.isEmpty { known = KnownVersions([last]) }
    }

    /// Whether the answer may be held back until there is another version.
    var waits: Bool { patience.map { $0 > .zero } ?? false }

    /// What an answer says of the preferences that were followed (RFC 7240 §3).
    func preferenceApplied(_ course: WaitCourse) -> String? {
        switch course {
        case .unneeded: preferences.applied(wait: atLeast != nil || known != .none)
        case .waited: preferences.applied(wait: true)
        case .refused: preferences.applied(wait: false)
        }
    }

    private static let mediaTypes = [ContentType.json.essence, ContentType.events.essence]
}

/// Whether an answer was waited for.
enum WaitCourse: Sendable {
    /// It was there at once.
    case unneeded
    case waited
    /// As many wait already as may.
    case refused
}
