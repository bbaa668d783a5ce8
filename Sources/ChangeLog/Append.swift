package import Fold
import Redis

/// What is known of a change that was appended.
package enum ChangeStatus: Hashable, Sendable {
    case pending
    case applied
    case rejected(Rejection)
    /// The application was deleted before anybody asked.
    case dropped

    /// `pending`, `applied`, `rejected` or `dropped`.
    package var name: String {
        switch self {
        case .pending: "pending"
        case .applied: "applied"
        case .rejected: "rejected"
        case .dropped: "dropped"
        }
    }
}

/// Why a change was not appended.
package enum AppendRefusal: Hashable, Sendable {
    /// The id belongs to another change, which has this position.
    case mismatch(position: UInt64)
    /// The id was used in an earlier creation of the application.
    case deleted
    /// The id is a UUIDv7 from before the time in which repeats are recognised.
    case tooOld
    case fromTheFuture
    /// The client's next number is another.
    case outOfOrder(expected: UInt64)
    /// A number above 1 of a client that is not known, or not any more.
    case clientUnknown
    case backlogFull
    /// The logs of all applications of the partition have as many bytes as they may.
    case partitionFull
    /// The partition remembers as many single changes as it may. Numbered changes are taken all the same.
    case recordsFull
}

package enum AppendOutcome: Hashable, Sendable {
    case appended(position: UInt64)
    /// It was appended before. For a sequenced id that is not its client's last one the position is an upper bound.
    case known(position: UInt64, ChangeStatus)
    case refused(AppendRefusal)
}

package enum AppendAnswer: Hashable, Sendable {
    /// One outcome for each change, in order.
    case done(Epoch, [AppendOutcome])
    /// All or none was asked for, and the change at `index` could not be appended: nothing was.
    case refused(Epoch, index: Int, AppendRefusal)
}

extension ChangeLog {
    /// Changes in one call, at most: what one script may do without holding up everybody else for long.
    package static let maximumChangesPerAppend = 1_000

    /// Appends changes in this order.
    ///
    /// Repeats are recognised by id; a call whose outcome is unknown may be repeated as it is.
    /// - Parameter allOrNone: with one refusal nothing is appended; otherwise each change is judged for itself.
    package func append(
        _ changes: [Change], to application: ApplicationID, allOrNone: Bool
    ) async throws(LogError) -> AppendAnswer {
        let target = AppendTarget(application, in: partition(of: application))
        let call = AppendCall(
            changes, to: target, nonce: nonce(), life: nil, allOrNone: allOrNone,
            bytes: changes.reduce(0) { $0 + $1.appendSize })
        let (reply, connection) = try await self.call(
            appendScript, in: target.partition, about: application, keys: call.keys, call.arguments, by: appender)
        let answer = try AppendAnswer(reply, for: application, count: changes.count)
        if answer.acknowledges {
            do { try await connection.waitForReplicas() } catch { throw LogError(error) }
        }
        return answer
    }
}

extension AppendAnswer {
    /// Whether it says of any change that it has a position. A repeat's is a promise as much as the first one's.
    var acknowledges: Bool {
        switch self {
        case .refused: false
        case .done(_, let outcomes):
            outcomes.contains { outcome in
                switch outcome {
                case .appended, .known: true
                case .refused: false
                }
            }
        }
    }

    init(_ answer: ScriptAnswer, for application: ApplicationID, count: Int) throws(LogError) {
        if answer.tag == "damaged" { throw .damaged(application: application.description, ChangeLog.otherLength) }
        do throws(RedisError) {
            try self.init(answer, count: count)
        } catch {
            throw LogError(error)
        }
    }

    private init(_ answer: ScriptAnswer, count: Int) throws(RedisError) {
        let epoch = try answer.epoch(0)
        switch answer.tag {
        case "ok":
            let merged = try answer.number(1)
            var outcomes: [AppendOutcome] = []
            outcomes.reserveCapacity(count)
            for value in try answer.array(2) {
                let outcome = try answer.answer(value)
                if outcome.tag == "new" {
                    let (first, run) = (try outcome.number(0), try outcome.number(1))
                    guard run <= count - outcomes.count else { throw answer.unexpected }
                    for position in first..<first + run { outcomes.append(.appended(position: position)) }
                } else {
                    outcomes.append(try AppendOutcome(outcome, merged: merged))
                }
            }
            guard outcomes.count == count else { throw answer.unexpected }
            self = .done(epoch, outcomes)
        case "refused":
            guard case .refused(let refusal) = try AppendOutcome(answer.answer(answer[2]), merged: 0) else {
                throw answer.unexpected
            }
            self = .refused(epoch, index: Int(try answer.number(1)), refusal)
        default: throw answer.unexpected
        }
    }
}

extension AppendOutcome {
    /// For every answer but “new”, which is about a run of changes.
    init(_ answer: ScriptAnswer, merged: UInt64) throws(RedisError) {
        switch answer.tag {
        case "known":
            let position = try answer.number(0)
            self = .known(
                position: position, try ChangeStatus(reason: answer.text(1), position: position, merged: merged))
        case "mismatch": self = .refused(.mismatch(position: try answer.number(0)))
        case "deleted": self = .refused(.deleted)
        case "too-old": self = .refused(.tooOld)
        case "from-the-future": self = .refused(.fromTheFuture)
        case "out-of-order": self = .refused(.outOfOrder(expected: try answer.number(0)))
        case "client-unknown": self = .refused(.clientUnknown)
        case "full": self = .refused(.backlogFull)
        case "partition-full": self = .refused(.partitionFull)
        case "records-full": self = .refused(.recordsFull)
        default: throw answer.unexpected
        }
    }
}

extension ChangeStatus {
    /// A rejection is written down no later than `merged` passes its position, so silence from then on means applied.
    init(reason: String, position: UInt64, merged: UInt64) {
        if let rejection = Rejection(reason) {
            self = .rejected(rejection)
        } else {
            self = position <= merged ? .applied : .pending
        }
    }
}
