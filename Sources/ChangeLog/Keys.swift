// Where everything stands in Redis. All keys of a partition share a hash tag, put first, so that a script touches one slot of a
// Redis Cluster. Whoever wants to look: `KEYS` is never needed, every application is in its partition's `apps`.

package import Fold

/// One of the N parts that the applications of a store are dealt out to.
package struct Partition: Hashable, Sendable, CustomStringConvertible {
    package let number: Int

    package init(number: Int) {
        self.number = number
    }

    /// FNV-1a of the application's id, modulo the number of partitions: the same in every program and for ever.
    package init(of application: ApplicationID, among count: Int) {
        var hash: UInt32 = 0x811c_9dc5
        for byte in application.description.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        number = Int(hash % UInt32(clamping: count))
    }

    package var description: String { number < 10 ? "c0\(number)" : "c\(number)" }

    fileprivate var tag: String { "{\(self)}:" }

    var server: String { tag + "server" }
    var dirty: String { tag + "dirty" }
    var applications: String { tag + "apps" }
    /// How many records of single changes were made in which hour.
    var records: String { tag + "records" }
    var lease: String { tag + "lease" }
    /// Channel: an application of this partition has something to drain.
    var pushed: String { tag + "pushed" }

    func head(of application: ApplicationID) -> String { "\(tag)app:\(application)" }
    func log(of application: ApplicationID) -> String { "\(tag)log:\(application)" }
    func checkpoint(of application: ApplicationID) -> String { "\(tag)checkpoint:\(application)" }
    /// The hashes that hold the records of single changes and take turns.
    func windows(of application: ApplicationID) -> [String] {
        (0..<RecordWindows.count).map { "\(tag)changes:\(application):\($0)" }
    }
    /// Channel: a new version of the application is published, or it was deleted.
    func merged(_ application: ApplicationID) -> String { "\(tag)merged:\(application)" }
    /// Channel: what servers tell each other about who is in the application.
    package func presence(_ application: ApplicationID) -> String { "\(tag)presence:\(application)" }
    /// What the keys of the partition's long-running operations begin with; their scripts know how they go on.
    package var operations: String { tag + "operation" }
    /// Channel: something became of an operation of the application.
    package func operations(of application: ApplicationID) -> String { "\(tag)operations:\(application)" }

    /// The record of the client that numbered the change; nil where nobody did.
    func client(of change: ChangeID, of application: ApplicationID) -> String? {
        switch change.form {
        case .sequenced(let client, _): "\(clients(of: application))\(client)"
        case .plain, .timed: nil
        }
    }
}

/// How the records of an application's changes are dealt out over time. A window takes records for 1/(count - 1) of their lifetime and is
/// dropped as a whole: a hash of many costs Redis half of what a key each does, and one command writes those of a whole call.
enum RecordWindows {
    /// More of them are more look-ups for every change; fewer keep records for longer than they are needed: with 4, which is 8 hours for
    /// each, up to a third longer.
    static let count = 4
    /// How long a window stays after the last of its records has had its time. Meanwhile the next one that is opened takes its place, and
    /// expiry is left with those of applications that have fallen silent.
    static let slack: Duration = .seconds(10 * 60)
}

package enum StoreKeys {
    /// Channel: a long-running operation may be claimed.
    package static let work = "cistern:work"
    /// Channel: something is to be said of an operation in its application's state.
    package static let operationNews = "cistern:news"
    /// How often webhooks were changed; their other keys have the same hash tag.
    package static let webhooks = "{cistern:webhooks}:version"
    /// Set: the ids of all webhooks.
    package static let webhookNames = "{cistern:webhooks}:ids"
    /// Channel: webhooks were changed.
    package static let webhookChanges = "cistern:webhooks"
    static let settings = "cistern:settings"
    /// Channel: a merge daemon has come, or given partitions back.
    static let leases = "cistern:leases"
    static let daemons = "cistern:daemons"
}

extension Partition {
    /// What stands in front of a client's name in the key of its record.
    func clients(of application: ApplicationID) -> String { "\(tag)client:\(application):" }
}

extension ChangeID {
    /// The number of a sequenced id as a script's argument; empty for every other id.
    var numberArgument: String {
        switch form {
        case .sequenced(_, let number): String(number)
        case .plain, .timed: ""
        }
    }
}
