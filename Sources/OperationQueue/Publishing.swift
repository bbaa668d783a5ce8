// What is to be said of operations in the states of their applications: put down by the scripts, taken to the log from here.

package import ChangeLog
import Fold
import Operations
import Redis

/// What is to be said of one operation, in this order.
package struct OperationNews: Sendable {
    package let name: OperationName
    /// As the scripts have put them down.
    let entries: [[UInt8]]
}

package struct NewsAnswer: Sendable {
    package let news: [OperationNews]
    /// How long until something is to be said, or falls due; nil if a hint will tell.
    package let next: Duration?
}

/// How many operations there are and were in a partition.
package struct OperationTally: Sendable {
    /// That may be claimed, by kind.
    package let waiting: [String: Int]
    /// `created`, `claimed`, `retried`, and those that are over by status: ever since the store was made.
    package let totals: [String: Int]
    /// Of which something is to be said.
    package let untold: Int
}

extension OperationQueue {
    /// Settles what has fallen due in a partition, and says what is to be said of operations there.
    package func news(in partition: Partition) async throws(LogError) -> NewsAnswer {
        let answer = try await run(
            Scripts.news, in: partition, [.integer(Int64(OperationLimits.publishedAtOnce))])
        return try reading { () throws(RedisError) in
            guard answer.tag == "ok" else { throw answer.unexpected }
            let next = Int64(try answer.text(0))
            var news: [OperationNews] = []
            for item in try answer.array(1) {
                guard let parts = item.array, parts.count == 3, let entries = parts[2].array,
                    let application = parts[0].string.flatMap({ try? ApplicationID($0) }),
                    let id = parts[1].string.flatMap({ try? OperationID($0) })
                else { throw FieldReading.unreadable }
                news.append(
                    OperationNews(name: OperationName(id, of: application), entries: entries.map { $0.bytes ?? [] }))
            }
            return NewsAnswer(news: news, next: next.map { .milliseconds($0) })
        }
    }

    /// Appends what is to be said of an operation to its application's log. Anybody may, at any time and as often as they like: an entry is
    /// one change with one id, and none is appended before the one in front of it.
    ///
    /// - Returns: how many changes were appended now.
    package func publish(_ news: OperationNews) async throws(LogError) -> Int {
        var appended = 0
        for entry in news.entries {
            guard let change = Publication.change(for: entry, of: news.name.id, in: news.name.application) else {
                // Nobody could ever say it.
                try await told(news.name, upTo: entry)
                continue
            }
            let answer: AppendAnswer
            do throws(LogError) {
                answer = try await log.append([change], to: news.name.application, allOrNone: false)
            } catch {
                // Others are not held up by an application whose log is damaged.
                try await told(news.name, upTo: nil, pause: Self.pause)
                throw error
            }
            guard case .done(_, let outcomes) = answer, let outcome = outcomes.first else { continue }
            switch outcome {
            case .appended: appended += 1
            // It was there already, before the application was deleted at least.
            case .known, .refused(.mismatch), .refused(.deleted): break
            case .refused(.backlogFull), .refused(.partitionFull), .refused(.recordsFull):
                try await told(news.name, upTo: nil, pause: Self.pause)
                return appended
            // Not of ids like these.
            case .refused(.tooOld), .refused(.fromTheFuture), .refused(.outOfOrder), .refused(.clientUnknown): break
            }
            try await told(news.name, upTo: entry)
        }
        return appended
    }

    /// Until it is tried again where an application takes no changes.
    private static let pause: Duration = .seconds(1)

    private func told(
        _ name: OperationName, upTo entry: [UInt8]?, pause: Duration = .zero
    ) async throws(LogError) {
        let answer = try await run(
            Scripts.told, in: partition(of: name.application),
            name.arguments + [.bytes(entry ?? []), .milliseconds(pause)])
        guard answer.tag == "ok" else { throw LogError(answer.unexpected) }
    }

    package func tally(of partition: Partition) async throws(LogError) -> OperationTally {
        let answer = try await run(Scripts.tally, in: partition, [], isWriting: false)
        return try reading { () throws(RedisError) in
            guard answer.tag == "ok" else { throw answer.unexpected }
            return OperationTally(
                waiting: Self.numbers(try answer.array(0)), totals: Self.numbers(try answer.array(1)),
                untold: Int(try answer.number(2)))
        }
    }

    private static func numbers(_ fields: [RESPValue]) -> [String: Int] {
        var numbers: [String: Int] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            if let name = fields[index].string, let number = fields[index + 1].string.flatMap({ Int($0) }) {
                numbers[name] = number
            }
        }
        return numbers
    }
}
