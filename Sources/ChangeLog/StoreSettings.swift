// What all daemons of a store must have in common. Written by the first daemon that meets an empty Redis, read by all.

package import Documents
import Fold
package import Redis

package struct StoreSettings: Equatable, Sendable {
    /// Fixed when the store is created: it decides where every key stands.
    package let partitions: Int
    /// Limits that decide whether a change is applied.
    package let limits: DocumentLimits

    package init(partitions: Int, limits: DocumentLimits) {
        self.partitions = partitions
        self.limits = limits
    }

    /// More would make the sweep over all partitions expensive without giving more daemons something to do.
    package static let partitionRange = 1...1_024
}

package enum StoreSettingsError: Error, CustomStringConvertible {
    case log(LogError)
    /// Another version of the fold wrote this store.
    case otherFoldVersion(String)
    case unreadable(field: String, value: String)

    package var description: String {
        switch self {
        case .log(let error): error.description
        case .otherFoldVersion(let version):
            "This store was written by fold version \(version); this program folds by version \(FoldRules.version). "
                + "Run the release that fits, or start an empty store."
        case .unreadable(let field, let value):
            "The settings of the store (\(StoreKeys.settings) in Redis) have “\(value)” for \(field), which is no number in range."
        }
    }
}

extension StoreSettings {
    /// Reads the store's settings, writing `initial` if the store is new.
    package static func load(
        from client: RedisClient, initial: StoreSettings
    ) async throws(StoreSettingsError) -> StoreSettings {
        let fields: [(String, Int)] = [
            ("partitions", initial.partitions), ("fold_version", FoldRules.version),
            ("maximum_state_bytes", initial.limits.maximumBytes), ("maximum_depth", initial.limits.maximumDepth),
            ("maximum_work", initial.limits.maximumWork),
        ]
        let reply: RESPValue
        do throws(RedisError) {
            let arguments = fields.flatMap { [RedisArgument.string($0.0), .integer(Int64($0.1))] }
            reply = try await client.connection().evaluate(
                Scripts.settings, keys: [.string(StoreKeys.settings)], arguments: RedisArguments(arguments))
        } catch {
            throw .log(LogError(error))
        }
        return try StoreSettings(reply.array ?? [])
    }

    private init(_ pairs: [RESPValue]) throws(StoreSettingsError) {
        var stored: [String: String] = [:]
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            if let field = pairs[index].string { stored[field] = pairs[index + 1].string }
        }
        func number(_ field: String, in range: ClosedRange<Int>) throws(StoreSettingsError) -> Int {
            guard let text = stored[field], let number = Int(text), range.contains(number) else {
                throw .unreadable(field: field, value: stored[field] ?? "nothing")
            }
            return number
        }
        let version = stored["fold_version"] ?? "nothing"
        guard version == String(FoldRules.version) else { throw .otherFoldVersion(version) }
        partitions = try number("partitions", in: Self.partitionRange)
        limits = DocumentLimits(
            maximumBytes: try number("maximum_state_bytes", in: 2...Int.max),
            maximumDepth: try number("maximum_depth", in: 1...Int.max),
            maximumWork: try number("maximum_work", in: 1...Int.max))
    }
}
