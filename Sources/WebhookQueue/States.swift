// States that have changed, and what webhooks were told of them: of each only the last version matters.

package import ChangeLog
package import Fold
import Redis
package import Webhooks

/// Where an application is, and what its webhooks know.
package struct ApplicationVersion: Sendable {
    package struct Told: Sendable {
        package let version: String
        /// It has not arrived yet: what comes after it waits.
        package let isOnItsWay: Bool
    }

    package let application: ApplicationID
    package let epoch: String
    package let number: String
    /// Milliseconds since 1970.
    package let published: UInt64
    package let told: [HookName: Told]

    /// The same where an earlier version is told of.
    package func at(_ version: UInt64) -> ApplicationVersion {
        ApplicationVersion(
            application: application, epoch: epoch, number: String(version), published: published, told: told)
    }

    /// As clients see it.
    package var version: String { "\(epoch)-\(number)" }
}

/// A version to be told to a webhook.
package struct NewVersion: Sendable {
    package let webhook: HookName
    /// What it was told before.
    package let before: String?
    /// Nil if nothing in it is of interest.
    package let delivery: (id: DeliveryID, body: [UInt8])?

    package init(webhook: HookName, before: String?, delivery: (id: DeliveryID, body: [UInt8])?) {
        self.webhook = webhook
        self.before = before
        self.delivery = delivery
    }
}

extension DeliveryQueue {
    /// Applications that may have another version than was told of.
    ///
    /// - Returns: a part of those that are marked, and all that have a log.
    package func changedApplications(
        in partition: Partition
    ) async throws(LogError) -> (marked: [ApplicationID], dirty: [ApplicationID]) {
        let answer = try await run(Scripts.marked, in: partition)
        return try reading { () throws(RedisError) in
            func names(_ index: Int) throws(RedisError) -> [ApplicationID] {
                try answer.array(index).compactMap { $0.string.flatMap { try? ApplicationID($0) } }
            }
            return (try names(0), try names(1))
        }
    }

    /// Nobody wants to be told of these.
    ///
    /// - Parameter isTakenBack: Somebody does after all.
    package func unmark(
        _ applications: [ApplicationID], isTakenBack: Bool = false, in partition: Partition
    ) async throws(LogError) {
        guard !applications.isEmpty else { return }
        let names = applications.map { RedisArgument.string("\($0)") }
        _ = try await run(Scripts.unmark, in: partition, [isTakenBack ? "1" : "0"] + names, isWriting: true)
    }

    package func versions(
        of applications: [ApplicationID], in partition: Partition
    ) async throws(LogError) -> [ApplicationVersion] {
        let answer = try await run(
            Scripts.versions, in: partition, applications.map { .string("\($0)") }, isWriting: false)
        return try reading { () throws(RedisError) in
            var versions: [ApplicationVersion] = []
            for index in 0..<answer.count {
                let parts = try answer.array(index).compactMap(\.string)
                guard parts.count >= 4, let application = try? ApplicationID(parts[0]) else { throw answer.unexpected }
                var told: [HookName: ApplicationVersion.Told] = [:]
                for place in stride(from: 4, to: parts.count - 2, by: 3) {
                    guard let name = HookName(parts[place]) else { continue }
                    told[name] = .init(version: parts[place + 1], isOnItsWay: parts[place + 2] == "1")
                }
                versions.append(
                    ApplicationVersion(
                        application: application, epoch: parts[1], number: parts[2],
                        published: UInt64(parts[3]) ?? 0, told: told))
            }
            return versions
        }
    }

    /// Puts a version on its way, to each webhook only once.
    ///
    /// - Parameters:
    ///   - forgotten: Webhooks that are not there any more.
    ///   - waiting: Those that an older version is on its way to. If it has arrived meanwhile the application stays marked.
    @discardableResult
    package func hand(
        _ versions: [NewVersion], of place: ApplicationVersion, forgetting forgotten: [HookName],
        waiting: [HookName], in partition: Partition
    ) async throws(LogError) -> Int {
        var arguments: [RedisArgument] = [
            .string("\(place.application)"), .string(place.epoch), .string(place.number),
            .integer(Int64(forgotten.count)),
        ]
        arguments += forgotten.map { .string("\($0)") }
        arguments += [.integer(Int64(waiting.count))] + waiting.map { .string("\($0)") }
        for version in versions {
            arguments += [
                .string("\(version.webhook)"), .string(version.before ?? ""),
                .string(version.delivery.map { "\($0.id)" } ?? ""), .bytes(version.delivery?.body ?? []),
            ]
        }
        let answer = try await run(Scripts.hand, in: partition, arguments, isWriting: true)
        return try reading { () throws(RedisError) in
            guard answer.tag == "ok" else { throw answer.unexpected }
            return Int(clamping: try answer.number(0))
        }
    }

    /// All states are looked at again, in slices.
    ///
    /// - Returns: where the next slice begins; nil behind the last one.
    package func markAll(in partition: Partition, after name: String?) async throws(LogError) -> String? {
        let answer = try await run(Scripts.mark, in: partition, [.string(name ?? "")], isWriting: true)
        return try reading { () throws(RedisError) in
            let last = try answer.text(0)
            return last.isEmpty ? nil : last
        }
    }
}
