// What long-running operations promise to their workers.

extension Check {
    /// A worker whose result counts is told so, also when it has to ask again because the first answer was lost.
    static let ownEnd = Check(promise: "a worker is told what came of its lease", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        var refused: [OperationName: [String: Int]] = [:]
        var results: [OperationName: String] = [:]
        return events.news.compactMap { place, heard in
            switch heard.news {
            case .refused(_, let result): refused[heard.operation, default: [:]][result] = place
            case .fetched(let result), .done(_, let result): results[heard.operation] = result
            case .made, .stands, .claimed, .heard, .returning, .cancelled, .absent: return nil
            }
            guard let result = results[heard.operation], let since = refused[heard.operation]?[result] else {
                return nil
            }
            return (place, "\(result) counts, and was refused at event \(since)")
        }
    }

    /// An attempt is used up by its claim, whatever becomes of the worker, unless that gives it back; and there are as many as there may be.
    static let attempts = Check(promise: "every attempt counts", isOfAllSeen: true) { events, mayLose in
        guard !mayLose else { return [] }
        var claims: [OperationName: [Int: Int]] = [:]
        var returned: [OperationName: Set<Int>] = [:]
        return events.news.compactMap { place, heard in
            let (operation, number, attempt): (OperationName, Int, Int)
            switch heard.news {
            case .claimed(let fence, let count): (operation, number, attempt) = (heard.operation, fence, count)
            case .returning(let fence):
                returned[heard.operation, default: []].insert(fence)
                return nil
            case .made, .stands, .fetched, .heard, .done, .refused, .cancelled, .absent: return nil
            }
            claims[operation, default: [:]][number] = attempt
            if attempt > OperationNews.attempts {
                return (place, "\(operation) is claimed for attempt \(attempt) of \(OperationNews.attempts)")
            }
            // What lies between is not known if somebody has not got the answer to a claim.
            guard let before = number == 1 ? 0 : claims[operation]?[number - 1], attempt != before + 1 else {
                return nil
            }
            if attempt == before, returned[operation]?.contains(number - 1) == true { return nil }
            return (place, "\(operation) is claimed for attempt \(attempt) after attempt \(before)")
        }
    }
}
