import SystemSupport

@testable import cistern_faults

/// Histories by hand: application `a`, epoch `e` unless said otherwise.
func token(_ number: Int, _ epoch: String = "e") -> Token { Token(epoch: epoch, number: number) }

func sent(_ ids: String..., to application: String = "a") -> [Event] {
    ids.map { .sent(id: $0, application: application, client: 1) }
}

func acknowledged(_ id: String, _ number: Int, _ epoch: String = "e", isNew: Bool = true) -> Event {
    .acknowledged(id: id, application: "a", receipt: token(number, epoch), isNew: isNew)
}

/// A state with these changes, at a version that is as high as they are many unless it is given.
func saw(
    _ order: String..., at number: Int? = nil, _ epoch: String = "e", by client: Int? = 1, app: [String] = ["a"],
    digest: Int? = nil, atLeast: Token? = nil, jobs: [String: Witness.Job] = [:]
) -> Event {
    let version = token(number ?? order.count, epoch)
    return .saw(
        Sight(
            client: client, server: 0, application: "a", version: version, position: version,
            digest: digest ?? order.joined(separator: " ").hashValue, atLeast: atLeast,
            witness: Witness(app: app, n: order.count, order: order, set: order, jobs: jobs)))
}

/// What was heard of an operation.
func heard(_ news: OperationNews.News, of id: String = "w1", asked: Int = 0) -> Event {
    .operation(OperationNews(operation: OperationName(application: "a", id: id), asked: asked, news: news))
}

extension Check {
    /// The places at which a history breaks this promise.
    func places(_ events: [Event], mayLose: Bool = false) -> [Int] {
        violations(in: events, mayLose: mayLose).map(\.place)
    }
}
