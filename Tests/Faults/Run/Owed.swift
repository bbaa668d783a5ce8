import SystemSupport

// What a history says is still to come.

extension History {
    /// How operations of an application have ended. Where what was seen may be lost, only what was heard of when faults were over.
    func ends(of application: String, mayLose: Bool) -> [OperationName: OperationStanding] {
        let events = events
        let quiet = mayLose ? events.firstIndex(of: .quiet(application: application)) ?? events.count : 0
        var ends: [OperationName: OperationStanding] = [:]
        for (_, heard) in events.news where heard.operation.application == application && heard.asked >= quiet {
            if case .stands(let standing) = heard.news, standing.isOver { ends[heard.operation] = standing }
        }
        return ends
    }

    /// By change, the receipt that was given last.
    func lastReceipts(of application: String) -> [String: Token] {
        var receipts: [String: Token] = [:]
        for event in events {
            if case .acknowledged(let id, application, let receipt, _) = event, !Witness.isRejected(id) {
                receipts[id] = receipt
            }
        }
        return receipts
    }

    /// What the endpoint of the webhook has taken.
    func told(of application: String) -> (versions: Set<Token>, ends: Set<OperationName>) {
        var versions: Set<Token> = []
        var ends: Set<OperationName> = []
        for event in events {
            guard case .told(let told) = event, told.isTaken, told.news.application == application else { continue }
            switch told.news {
            case .state(_, let version): versions.insert(version)
            case .ended(let operation, _): ends.insert(operation)
            }
        }
        return (versions, ends)
    }
}
