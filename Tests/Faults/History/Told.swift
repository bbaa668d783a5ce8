import SystemSupport

/// What came to the endpoint of the webhook.
struct Told: Sendable, Equatable {
    /// The `webhook-id`.
    var delivery: String
    var news: News
    /// Stands for the bytes.
    var digest: Int
    /// The signature is that of these bytes, with the secret of the webhook.
    var isSigned: Bool
    /// It was answered with 2xx, in time.
    var isTaken: Bool

    enum News: Sendable, Equatable {
        case state(application: String, version: Token)
        case ended(OperationName, OperationStanding)

        var application: String {
            switch self {
            case .state(let application, _): application
            case .ended(let operation, _): operation.application
            }
        }
    }
}

/// How a poll with a version was answered of which somebody was told.
enum Following: Sendable, Equatable {
    /// There is nothing newer.
    case current
    case other(Token)
    case unknown
}
