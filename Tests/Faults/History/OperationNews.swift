/// What somebody heard of a long-running operation.
struct OperationNews: Sendable, Equatable {
    var operation: OperationName
    /// The place in the history at which was asked: what had happened before, the answer knows.
    var asked: Int
    var news: News

    /// How often an operation of the workload may be claimed.
    static let attempts = 3

    enum News: Sendable, Equatable {
        /// The wish was acknowledged. `isNew` if this answer was 201.
        case made(isNew: Bool)
        case stands(OperationStanding)
        case fetched(String)
        /// A worker has it, under a lease with this fencing number, and this is the attempt with this number.
        case claimed(Int, attempt: Int)
        /// A worker's word under that lease was heard.
        case heard(Int)
        /// A worker was told that its result is that of the operation.
        case done(Int, result: String)
        /// A worker was told that its result is not, since its lease is over.
        case refused(Int, result: String)
        /// A worker is about to give it back.
        case returning(Int)
        /// Nobody wants it any more, and it was not over.
        case cancelled
        /// A server does not know it.
        case absent(server: Int)
    }
}

struct OperationName: Hashable, Sendable, CustomStringConvertible {
    let application: String
    let id: String

    var description: String { "\(application)/\(id)" }

    /// Wished for so that its application's state tells how it stands.
    var isPublished: Bool { id.hasSuffix("p") }

    /// What a worker sends as the result: it says whose it is, and is another one under each lease.
    func result(under token: String) -> String { "\(self) by \(token)" }
}

enum OperationStanding: String, Sendable, Decodable {
    case queued, running, cancelling, succeeded, failed, cancelled, dead

    var isOver: Bool {
        switch self {
        case .queued, .running, .cancelling: false
        case .succeeded, .failed, .cancelled, .dead: true
        }
    }
}
