// What states say of operations.

import SystemSupport

extension Check {
    /// From version to version an operation goes on: what is over stays so, what was cancelled is not begun again, and no word of an earlier
    /// lease comes after one of a later. That the last one is its end, `liveness` sees.
    static let published = Check(promise: "what a state says of an operation never goes back", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        let sights = Dictionary(grouping: events.differentSights) {
            "\($0.sight.application) \($0.sight.version.epoch)"
        }
        return sights.values.flatMap { seen in
            let sorted = seen.sorted { ($0.sight.version.number, $0.place) < ($1.sight.version.number, $1.place) }
            return zip(sorted, sorted.dropFirst()).flatMap { earlier, later -> [(Int, String)] in
                earlier.sight.witness.jobs.compactMap { id, job in
                    let next = later.sight.witness.jobs[id]
                    guard next.map(job.mayBecome) != true else { return nil }
                    return (
                        max(earlier.place, later.place),
                        "\(id) is \(next.map { "\($0)" } ?? "nothing") in \(later.sight.version) of "
                            + "\(later.sight.application), and was \(job) in \(earlier.sight.version)"
                    )
                }
            }
        }
    }
}

extension Witness.Job {
    fileprivate func mayBecome(_ next: Self) -> Bool {
        guard next.progress?.completed ?? 0 >= progress?.completed ?? 0 else { return false }
        switch status {
        case .queued, .running: return true
        case .cancelling: return [.cancelling, .cancelled, .succeeded].contains(next.status)
        case .succeeded, .failed, .cancelled, .dead: return next.status == status
        }
    }
}
