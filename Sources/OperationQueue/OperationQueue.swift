// Long-running operations as they stand in Redis. Each call is one script, atomic in the partition of the operation's application, and may
// be repeated as it is. All that is decided is decided there: this only asks.

package import ChangeLog
import Documents
package import Fold
package import Operations
import Redis

package struct OperationQueue: Sendable {
    let log: ChangeLog
    package let settings: OperationSettings

    package init(log: ChangeLog, settings: OperationSettings = OperationSettings()) {
        self.log = log
        self.settings = settings
    }

    package var partitions: [Partition] { log.partitions }

    package func partition(of application: ApplicationID) -> Partition { log.partition(of: application) }

    func run(
        _ script: RedisScript, in partition: Partition, _ arguments: [RedisArgument], isWriting: Bool = true
    ) async throws(LogError) -> ScriptAnswer {
        try await log.run(
            script, in: partition, keys: [partition.operations], RedisArguments(arguments), isWriting: isWriting)
    }
}

/// Which operation a call is about.
package struct OperationName: Hashable, Sendable {
    package let application: ApplicationID
    package let id: OperationID

    package init(_ id: OperationID, of application: ApplicationID) {
        self.application = application
        self.id = id
    }

    var arguments: [RedisArgument] { [.string("\(application)"), .string("\(id)")] }
}

package enum CreateAnswer: Sendable {
    case created(OperationDocument)
    /// The same was asked for before: how it stands today.
    case known(OperationDocument)
    /// The id is that of another operation.
    case mismatch
    /// The id is that of an operation that is not there any more.
    case retired
    /// The application has as many operations as may wait or be at work.
    case full
}

package enum LookAnswer<Found: Sendable>: Sendable {
    case found(Found)
    /// Its time is over, or it was deleted.
    case gone
    case unknown
}

/// An operation, and its result's bytes if it has one.
package struct OperationOutcome: Sendable {
    package let document: OperationDocument
    package let result: [UInt8]
}

package enum RetryAnswer: Sendable {
    /// It was dead, and waits for a worker again.
    case retried(OperationDocument)
    /// It is not dead.
    case refused(OperationDocument)
    /// The application has as many operations as may wait or be at work.
    case full
    /// It has another revision.
    case changed
    case gone
    case unknown
}

package enum CancelAnswer: Sendable {
    /// It was alive when this was asked: cancelled, if it waited, else its worker will be told.
    case alive(OperationDocument)
    case over(OperationDocument)
    case deleted
    /// It has another revision.
    case changed
    case gone
    case unknown
}

extension OperationQueue {
    package func create(_ request: OperationRequest, as name: OperationName) async throws(LogError) -> CreateAnswer {
        let answer = try await run(
            Scripts.create, in: partition(of: name.application),
            name.arguments + [
                .string(request.digest), .string("\(request.kind)"), .bytes(request.input),
                .integer(Int64(request.attempts)), .integer(Int64(request.priority)), .number(request.notBefore),
                .integer(Int64(settings.alive)), .milliseconds(settings.keeping), .milliseconds(retirement),
                .optional(request.deadlines.start), .optional(request.deadlines.attempt),
                .optional(request.deadlines.total),
                .bytes(request.place.map { Document.string($0.text).encoded() } ?? []),
            ])
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "new": .created(try OperationDocument(answer.array(0), of: name))
            case "known": .known(try OperationDocument(answer.array(0), of: name))
            case "mismatch": .mismatch
            case "retired": .retired
            case "full": .full
            default: throw answer.unexpected
            }
        }
    }

    /// How much longer than an operation its id is known to be used: as long as repeats of changes are recognised.
    package var retirement: Duration { log.limits.repeatWindow + log.limits.clockTolerance }

    package func look(at name: OperationName) async throws(LogError) -> LookAnswer<OperationDocument> {
        let answer = try await run(
            Scripts.get, in: partition(of: name.application), name.arguments, isWriting: false)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": .found(try OperationDocument(answer.array(0), of: name))
            case "gone": .gone
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }

    package func outcome(of name: OperationName) async throws(LogError) -> LookAnswer<OperationOutcome> {
        let answer = try await run(
            Scripts.result, in: partition(of: name.application), name.arguments, isWriting: false)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok":
                .found(
                    OperationOutcome(
                        document: try OperationDocument(answer.array(0), of: name), result: try answer.bytes(1)))
            case "gone": .gone
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }

    /// - Parameters:
    ///   - revision: Only if it has this one.
    ///   - deleting: If it is over it goes, and its id stays used.
    package func cancel(
        _ name: OperationName, ifRevision revision: String? = nil, deleting: Bool = false
    ) async throws(LogError) -> CancelAnswer {
        let answer = try await run(
            Scripts.cancel, in: partition(of: name.application),
            name.arguments + [.string(revision ?? ""), .string(deleting ? "1" : "0")])
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "alive": .alive(try OperationDocument(answer.array(0), of: name))
            case "over": .over(try OperationDocument(answer.array(0), of: name))
            case "deleted": .deleted
            case "changed": .changed
            case "gone": .gone
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }
}

extension OperationQueue {
    /// - Parameter revision: Only if it has this one.
    package func retry(
        _ name: OperationName, ifRevision revision: String? = nil
    ) async throws(LogError) -> RetryAnswer {
        let answer = try await run(
            Scripts.retry, in: partition(of: name.application),
            name.arguments + [.string(revision ?? ""), .integer(Int64(settings.alive))])
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": .retried(try OperationDocument(answer.array(0), of: name))
            case "alive", "over": .refused(try OperationDocument(answer.array(0), of: name))
            case "full": .full
            case "changed": .changed
            case "gone": .gone
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }
}

extension RedisArgument {
    /// Milliseconds, empty for none.
    static func optional(_ duration: Duration?) -> RedisArgument { duration.map { .milliseconds($0) } ?? "" }
}

func reading<Value>(_ read: () throws(RedisError) -> Value) throws(LogError) -> Value {
    do { return try read() } catch { throw LogError(error) }
}
