// What a person who watches is told beside the states: how they come, what is missing, and when it is back. Each thing once.

import CisternClient

struct WatchNotes {
    private let app: String
    private let isLive: Bool
    private var way: Way?
    private var exists: Bool?
    private var isAway = false

    init(app: String, isLive: Bool) {
        self.app = app
        self.isLive = isLive
    }

    mutating func take(_ status: LiveStatus) -> [String] {
        var notes: [String] = []
        if status.phase == .live {
            if isLive, way != status.way {
                notes.append(
                    way == nil ? "States come by \(status.way.name)." : "States come by \(status.way.name) now.")
                way = status.way
            }
            if isAway {
                notes.append("The server is back.")
                isAway = false
            }
        } else if let problem = status.problem, !isAway {
            notes.append("\(Failure(problem).message) Trying again…")
            isAway = true
        }
        if status.exists != exists {
            if status.exists == false {
                notes.append(
                    exists == nil
                        ? "There is no application “\(app)” yet; waiting for its first change."
                        : "“\(app)” was deleted.")
            }
            exists = status.exists
        }
        return notes
    }
}

extension Way {
    /// For people.
    var name: String {
        switch self {
        case .socket: "a WebSocket"
        case .events: "Server-Sent Events"
        case .long: "long polls"
        case .short: "polls"
        }
    }
}
