// The operations of an application, page by page.

package import ChangeLog
package import Fold
package import Operations
import Redis

/// Which operations of an application are asked for; nil for all.
package struct OperationFilter: Sendable {
    package let status: OperationStatus?
    package let kind: OperationKind?

    package init(status: OperationStatus? = nil, kind: OperationKind? = nil) {
        self.status = status
        self.kind = kind
    }
}

package struct OperationPage: Sendable {
    package let operations: [OperationDocument]
    /// What the next page comes behind; nil if this is the last one. A page that leaves some out may be short, or empty, although there is
    /// another one.
    package let next: UInt64?
}

extension OperationQueue {
    /// The newest first.
    ///
    /// - Parameter after: Where the page before has ended.
    package func list(
        _ filter: OperationFilter, of application: ApplicationID, after: UInt64?, most: Int
    ) async throws(LogError) -> OperationPage {
        let answer = try await run(
            Scripts.list, in: partition(of: application),
            [
                .string("\(application)"), after.map { .number($0) } ?? "", .integer(Int64(most)),
                .string(filter.status?.rawValue ?? ""), .string(filter.kind.map { "\($0)" } ?? ""),
            ], isWriting: false)
        return try reading { () throws(RedisError) in
            guard answer.tag == "ok" else { throw answer.unexpected }
            var operations: [OperationDocument] = []
            for item in try answer.array(1) {
                guard let parts = item.array, parts.count == 2, let text = parts[0].string,
                    let id = try? OperationID(text), let fields = parts[1].array
                else { throw FieldReading.unreadable }
                operations.append(try OperationDocument(fields, of: OperationName(id, of: application)))
            }
            return OperationPage(operations: operations, next: UInt64(try answer.text(0)))
        }
    }
}
