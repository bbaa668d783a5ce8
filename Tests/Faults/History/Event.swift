import SystemSupport

/// What happened in a run, as its clients saw it. A history of these is all that the checks are given.
enum Event: Sendable, Equatable {
    /// A client is about to send this change for the first time.
    case sent(id: String, application: String, client: Int)
    /// A change was acknowledged. `isNew` if this answer was 201 and not 200, that is: if it was appended by this request.
    case acknowledged(id: String, application: String, receipt: Token, isNew: Bool)
    /// A server was asked what became of a change: `applied` or `rejected`.
    case outcome(id: String, application: String, status: String)
    /// A state was read.
    case saw(Sight)
    /// A poll with this version was answered with 304.
    case unchanged(client: Int, application: String, version: Token)
    /// An application was unknown to a server that was polled with this version, if with any.
    case unknown(application: String, server: Int, version: Token?)
    /// An answer that the contract does not have.
    case strange(String)
    /// A fault began.
    case fault(String)
    /// All faults are over; from here on every acknowledged change has to come to every server.
    case quiet(application: String)
    /// Everything acknowledged was in the state at this server.
    case settled(application: String, server: Int)
    /// It was not, after this many seconds.
    case unsettled(application: String, server: Int, seconds: Int, missing: [String])
    /// Something was heard of a long-running operation.
    case operation(OperationNews)
    /// The endpoint of the webhook was sent something.
    case told(Told)
    /// Whoever was told of this version polled a server with it.
    case followed(application: String, version: Token, server: Int, Following)
    /// The endpoint was not told of this, so many seconds after faults were over.
    case untold(application: String, seconds: Int, what: [String])
}

/// A state as one server gave it to one client.
struct Sight: Sendable, Equatable, CustomStringConvertible {
    /// Nil if the request brought no version, and so may be answered with any.
    var client: Int?
    var server: Int
    var application: String
    var version: Token
    var position: Token
    /// Stands for the bytes.
    var digest: Int
    /// What was asked for with `at_least`.
    var atLeast: Token? = nil
    var witness: Witness

    /// In short: of the list only its end.
    var description: String {
        let reader = client.map { "client \($0)" } ?? "a client without a version"
        let least = atLeast.map { ", at_least=\($0)" } ?? ""
        return "\(reader) at server \(server): \(application) \(version) at \(position)\(least), bytes \(digest), "
            + "n \(witness.n), order \(witness.order.count) …\(witness.order.suffix(3).joined(separator: " "))"
    }
}

/// What the changes of the workload leave in a state: every change adds itself to `order` and to `set`, one to `n`, and the
/// application's name to `app`. Operations are told of in `jobs`.
struct Witness: Sendable, Equatable {
    var app: [String]
    var n: Int
    var order: [String]
    var set: [String]
    /// By the operation's id.
    var jobs: [String: Job] = [:]

    struct Job: Sendable, Equatable, Decodable {
        var status: OperationStanding
        var progress: Progress? = nil

        struct Progress: Sendable, Equatable, Decodable {
            /// The number of the lease under which it was said.
            var completed: Int
        }
    }

    /// The change that does so, as a body of `application/vnd.cistern.patch+json`.
    static func change(_ id: String, to application: String) -> String {
        #"[\#(isRejected(id) ? #"{"op":"test","path":"/n","value":"never"},"# : ""){"op":"union","path":"/app","value":["\#(application)"]},{"op":"union","path":"/order","value":[]},"#
            + #"{"op":"add","path":"/order/-","value":"\#(id)"},{"op":"union","path":"/set","value":["\#(id)"]},"#
            + #"{"op":"increment","path":"/n","value":1}]"#
    }

    /// Of changes with a number in their id some cannot be applied.
    static func isRejected(_ id: String) -> Bool {
        let number = id.split { "~-".contains($0) }.last.flatMap { Int($0) }
        return id.count < 36 && number.map { $0 % 7 == 6 } == true
    }
}

extension Witness: Decodable {
    private enum Member: CodingKey { case app, n, order, set, jobs }

    /// Before the first change there is nothing, or operations alone.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        app = try members.decodeIfPresent([String].self, forKey: .app) ?? []
        n = try members.decodeIfPresent(Int.self, forKey: .n) ?? 0
        order = try members.decodeIfPresent([String].self, forKey: .order) ?? []
        set = try members.decodeIfPresent([String].self, forKey: .set) ?? []
        jobs = try members.decodeIfPresent([String: Job].self, forKey: .jobs) ?? [:]
    }
}
