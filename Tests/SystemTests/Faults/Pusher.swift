import Foundation
import SystemSupport
import TestSupport

/// A client that follows the contract to the letter: it sends each change until it is acknowledged, keeps it until it has seen a
/// state of the receipt's epoch at or past its position, and sends it again, with the same id, when the epoch is another.
struct Pusher {
    struct Change {
        let id: String
        var receipt: Token
    }

    let caller: Caller
    let server: String
    let application: String
    let observations: Observations

    private(set) var pending: [Change] = []
    /// All changes that were acknowledged, with the last receipt of each.
    private(set) var receipts: [String: Token] = [:]
    /// Those that the first answer said were new: exact positions, where a repeat of a numbered change may get an upper bound.
    private(set) var created: [String: Token] = [:]
    /// Answers other than an acknowledgement, by status; 0 counts those that did not come.
    private(set) var refusals: [Int: Int] = [:]

    init(_ caller: Caller, server: String, application: String, observations: Observations) {
        self.caller = caller
        self.server = server
        self.application = application
        self.observations = observations
    }

    private static let pauseBeforeRetry: Duration = .milliseconds(40)

    /// Sends a change until it is acknowledged.
    mutating func push(_ id: String) async throws {
        let receipt = try await acknowledged(id)
        pending.append(Change(id: id, receipt: receipt))
        receipts[id] = receipt
    }

    /// Every change counts itself, so that a lost and a doubled one both show.
    static func body(_ id: String) -> String {
        let name = id.replacing("~", with: "~0")
        return #"[{"op":"increment","path":"/n","value":1},{"op":"increment","path":"/\#(name)","value":1},"#
            + #"{"op":"union","path":"/order","value":["\#(id)"]}]"#
    }

    private mutating func acknowledged(_ id: String) async throws -> Token {
        while true {
            try Task.checkCancellation()
            let answer = try? await caller.send(
                "PUT", "\(server)/v1/apps/\(application)/changes/\(id)",
                headers: [("Content-Type", "application/vnd.cistern.patch+json")], body: Self.body(id))
            switch answer?.status {
            case 200, 201:
                if let receipt = Token(answer?.member("receipt")) {
                    if answer?.status == 201 {
                        created[id] = receipt
                        observations.took(id, at: receipt.description)
                    }
                    return receipt
                }
                observations.violated("an acknowledgement without a receipt: \(answer?.body ?? "")")
            case 429, 503:
                if answer?.header("Retry-After") == nil {
                    observations.violated("a refusal without Retry-After: \(answer?.body ?? "")")
                }
            case nil: break
            case .some(let status):
                let violation = "\(id) was answered with \(status): \(answer?.body.prefix(200) ?? "")"
                observations.violated(violation)
                throw TestSupportError(violation)
            }
            refusals[answer?.status ?? 0, default: 0] += 1
            try await Task.sleep(for: Self.pauseBeforeRetry)
        }
    }

    /// The rule of the contract, applied at every answer to a poll.
    mutating func settle(with poller: Poller) async throws {
        for change in pending {
            if !poller.isUnknown, let position = poller.position, position.epoch == change.receipt.epoch {
                if position.number >= change.receipt.number { pending.removeAll { $0.id == change.id } }
            } else if poller.isUnknown || poller.position != nil {
                let receipt = try await acknowledged(change.id)
                receipts[change.id] = receipt
                if let index = pending.firstIndex(where: { $0.id == change.id }) { pending[index].receipt = receipt }
            }
        }
    }
}
