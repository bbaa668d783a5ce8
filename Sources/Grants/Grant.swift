// What a token allows altogether, and the questions that routes and lanes ask it. Pure: no clock, no tokens.

package import Documents
package import Fold

package struct Grant: Hashable, Sendable {
    package let scopes: [Scope]

    /// A token with more is somebody's mistake, and every one is looked at with each new request.
    package static let maximumScopes = 100

    package init(_ scopes: [Scope]) throws(ScopeError) {
        guard scopes.count <= Self.maximumScopes else {
            throw ScopeError("It has \(scopes.count) scopes; at most \(Self.maximumScopes) are taken.")
        }
        self.scopes = scopes
    }

    /// Scopes divided by spaces, as in the claim `scope` (RFC 8693 §4.2).
    package init(_ text: String) throws(ScopeError) {
        var scopes: [Scope] = []
        for part in text.split(separator: " ") { scopes.append(try Scope(part)) }
        try self.init(scopes)
    }

    // MARK: Questions

    /// Whether it allows this for the application, or for a part of its state.
    package func allows(_ kind: Scope.Kind, on application: ApplicationID) -> Bool {
        scopes.contains { $0.kind == kind && $0.pattern.matches(application) }
    }

    /// Whether it allows this for every application whose id begins like this.
    package func allows(_ kind: Scope.Kind, onAllBeginning beginning: String) -> Bool {
        scopes.contains { $0.kind == kind && $0.pattern.covers(beginning: beginning) }
    }

    package var allowsMetrics: Bool {
        scopes.contains { $0.kind == .metrics } || allows(.admin, onAllBeginning: "")
    }

    /// Whether it limits anything of this kind to a part of a state.
    package func hasParts(_ kind: Scope.Kind) -> Bool { scopes.contains { $0.kind == kind && $0.part != nil } }

    package enum Reach: Equatable, Sendable {
        case nothing
        case whole
        /// Each by the place where it begins.
        case parts([JSONPointer])
    }

    /// How much of the application's state this is allowed for.
    package func reach(_ kind: Scope.Kind, in application: ApplicationID) -> Reach {
        let own = scopes.filter { $0.kind == kind && $0.pattern.matches(application) }
        if own.isEmpty { return .nothing }
        let parts = own.compactMap { $0.part?.pointer }
        return parts.count < own.count ? .whole : .parts(parts)
    }
}

extension Grant.Reach {
    package enum Part: Equatable, Sendable {
        /// This part may be read; the root is all of it.
        case granted(JSONPointer)
        case refused
        /// There are several parts, and the request names none.
        case ambiguous([JSONPointer])
    }

    /// The part that a poll is about.
    ///
    /// - Parameter asked: What the poll names; the root where it names nothing, and then the only part is meant.
    package func part(_ asked: JSONPointer) -> Part {
        switch self {
        case .nothing: return .refused
        case .whole: return .granted(asked)
        case .parts(let parts):
            if parts.contains(where: { asked.isWithin($0) }) { return .granted(asked) }
            guard asked == .root else { return .refused }
            // Nested parts are one: the outermost.
            let outermost = parts.filter { part in !parts.contains { $0 != part && part.isWithin($0) } }
            let distinct = outermost.reduce(into: [JSONPointer]()) { if !$0.contains($1) { $0.append($1) } }
            return distinct.count == 1 ? .granted(distinct[0]) : .ambiguous(distinct)
        }
    }

    /// The first place that a change reaches outside of this; nil if there is none.
    package func stray(of change: Change) -> PatchStray? {
        let parts: [JSONPointer]
        switch self {
        case .whole: return nil
        case .nothing: parts = []
        case .parts(let own): parts = own
        }
        // A change is completely validated, so its patch is one.
        guard let patch = try? Patch(parsing: change.body, kind: change.kind) else {
            return PatchStray(pointer: .root, place: .root)
        }
        return patch.stray(from: parts)
    }
}
