// What became of a change.

extension Check {
    /// A change that cannot be applied leaves nothing in any state, and whoever asks is told so; of any other nobody is told that.
    static let rejections = Check(promise: "a change that cannot be applied is rejected, and its sender is told") {
        events, _ in
        var found: [(Int, String)] = []
        for (place, event) in events.enumerated() {
            guard case .outcome(let id, let application, let status) = event else { continue }
            let wrong = Witness.isRejected(id) ? "applied" : "rejected"
            if status == wrong { found.append((place, "\(id) of \(application) is said to be \(status)")) }
        }
        for (place, sight) in events.differentSights {
            let applied = sight.witness.order.filter(Witness.isRejected)
            if !applied.isEmpty {
                found.append((place, "\(sight.version) of \(sight.application) has \(applied.prefix(5))"))
            }
        }
        return found
    }
}
