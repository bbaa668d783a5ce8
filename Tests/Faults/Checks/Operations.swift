// What long-running operations promise. Where Redis loses its tail, operations are as they were before, so hardly any promise is left.

extension Check {
    /// A wish is granted by one operation, however often it is sent.
    static let madeOnce = Check(promise: "an operation is made once") { events, mayLose in
        guard !mayLose else { return [] }
        var made: Set<OperationName> = []
        return events.news.compactMap { place, heard in
            guard heard.news == .made(isNew: true), !made.insert(heard.operation).inserted else { return nil }
            return (place, "\(heard.operation) was made once more")
        }
    }

    static let keptOperations = Check(promise: "no operation is forgotten") { events, mayLose in
        guard !mayLose else { return [] }
        var made: [OperationName: Int] = [:]
        return events.news.compactMap { place, heard in
            switch heard.news {
            case .made:
                made[heard.operation] = made[heard.operation] ?? place
                return nil
            case .absent(let server):
                guard let since = made[heard.operation], heard.asked > since else { return nil }
                return (place, "server \(server) did not know \(heard.operation), made at event \(since)")
            case .stands, .fetched, .claimed, .heard, .done, .refused, .returning, .cancelled: return nil
            }
        }
    }

    /// Workers that are told that their result counts are told so of one.
    static let oneResult = Check(promise: "an operation has one result") { events, mayLose in
        guard !mayLose else { return [] }
        var results: [OperationName: String] = [:]
        return events.news.compactMap { place, heard in
            guard case .done(_, let result) = heard.news,
                let other = results.updateValue(result, forKey: heard.operation), other != result
            else { return nil }
            return (place, "\(result) was taken after \(other)")
        }
    }

    /// Whoever fetches a result gets that of the operation, and all get the same.
    static let resultOfEnd = Check(promise: "the result that counts is the one that is seen", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        var results: [OperationName: String] = [:]
        return events.news.compactMap { place, heard in
            let result: String
            switch heard.news {
            case .done(_, let taken): result = taken
            case .fetched(let bytes): result = bytes
            case .made, .stands, .claimed, .heard, .refused, .returning, .cancelled, .absent: return nil
            }
            guard let other = results.updateValue(result, forKey: heard.operation), other != result else { return nil }
            return (place, "\(heard.operation) has the result \(result), and had \(other)")
        }
    }

    static let ownResults = Check(promise: "a result is that of its own operation") { events, _ in
        events.news.compactMap { place, heard in
            guard case .fetched(let bytes) = heard.news, !bytes.hasPrefix(heard.operation.result(under: "")) else {
                return nil
            }
            return (place, "\(heard.operation) has the result \(bytes)")
        }
    }

    /// What is over is over, and in one way.
    static let oneEnd = Check(promise: "an operation ends once", isOfAllSeen: true) { events, mayLose in
        guard !mayLose else { return [] }
        var ends: [OperationName: (place: Int, standing: OperationStanding)] = [:]
        return events.news.compactMap { place, heard in
            let standing: OperationStanding
            switch heard.news {
            case .stands(let stands): standing = stands
            case .done: standing = .succeeded
            case .made, .fetched, .claimed, .heard, .refused, .returning, .cancelled, .absent: return nil
            }
            if let end = ends[heard.operation] {
                // An answer that was under way may be from before.
                guard standing != end.standing, standing.isOver || heard.asked > end.place else { return nil }
                return (place, "\(heard.operation) is \(standing), and was \(end.standing) at event \(end.place)")
            }
            if standing.isOver { ends[heard.operation] = (place, standing) }
            return nil
        }
    }

    /// Nobody is heard under a lease when somebody else had the operation before he spoke; and each lease is given out once.
    static let fenced = Check(promise: "the last lease alone counts", isOfAllSeen: true) { events, mayLose in
        guard !mayLose else { return [] }
        var leases: [OperationName: [Int: Int]] = [:]
        return events.news.compactMap { place, heard in
            let fence: Int
            switch heard.news {
            case .claimed(let number, _):
                guard leases[heard.operation, default: [:]].updateValue(place, forKey: number) != nil else {
                    return nil
                }
                return (place, "\(heard.operation) was given out twice under lease \(number)")
            case .heard(let number), .done(let number, _): fence = number
            case .made, .stands, .fetched, .refused, .returning, .cancelled, .absent: return nil
            }
            guard let later = leases[heard.operation]?.first(where: { $0.key > fence && $0.value < heard.asked }) else {
                return nil
            }
            return (
                place,
                "\(heard.operation): lease \(fence) was heard after \(later.key) was given out at event \(later.value)"
            )
        }
    }

    /// What was cancelled before it was over may still succeed, but does nothing else.
    static let cancelled = Check(promise: "what was cancelled is not begun again", isOfAllSeen: true) {
        events, mayLose in
        guard !mayLose else { return [] }
        var cancelled: [OperationName: Int] = [:]
        return events.news.compactMap { place, heard in
            guard let since = cancelled[heard.operation] else {
                if heard.news == .cancelled { cancelled[heard.operation] = place }
                return nil
            }
            switch heard.news {
            case .stands(let standing):
                let isAllowed = [.cancelling, .cancelled, .succeeded].contains(standing)
                return isAllowed || heard.asked < since
                    ? nil : (place, "\(heard.operation) is \(standing), and was cancelled at event \(since)")
            case .claimed:
                return heard.asked < since
                    ? nil : (place, "\(heard.operation) was given out, and was cancelled at event \(since)")
            case .made, .fetched, .heard, .done, .refused, .returning, .cancelled, .absent: return nil
            }
        }
    }
}

extension [Event] {
    /// All that was heard of operations, with its places.
    var news: [(place: Int, heard: OperationNews)] {
        enumerated().compactMap { place, event in
            if case .operation(let news) = event { (place, news) } else { nil }
        }
    }
}
