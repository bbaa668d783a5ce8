// What all daemons of a store must have in common. Written by the first daemon that meets an empty Redis, read by all.

package import Documents
import Fold
package import Redis

package struct StoreSettings: Equatable, Sendable {
    /// Fixed when the store is created: it decides where every key stands.
    package let partitions: Int
    /// Limits that decide whether a change is applied.
    package let limits: DocumentLimits
    /// By which this program folds.
    package let foldVersion: Int
    /// By which the store was folded when the settings were read; never newer.
    package let storedFoldVersion: Int

    /// - Parameter foldVersion: The program's own, unless a test is to be another release.
    package init(partitions: Int, limits: DocumentLimits, foldVersion: Int = FoldRules.version) {
        self.partitions = partitions
        self.limits = limits
        self.foldVersion = foldVersion
        storedFoldVersion = foldVersion
    }

    /// More would make the sweep over all partitions expensive without giving more daemons something to do.
    package static let partitionRange = 1...1_024
}

package enum StoreSettingsError: Error, CustomStringConvertible {
    case log(LogError)
    /// A newer version of the fold wrote this store.
    case otherFoldVersion(String, own: Int)
    case unreadable(field: String, value: String)

    package var description: String {
        switch self {
        case .log(let error): error.description
        case .otherFoldVersion(let version, let own):
            "This store was written by fold version \(version); this program folds by version \(own). "
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
            ("partitions", initial.partitions), ("fold_version", initial.foldVersion),
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
        return try StoreSettings(reply.array ?? [], foldVersion: initial.foldVersion)
    }

    private init(_ pairs: [RESPValue], foldVersion: Int) throws(StoreSettingsError) {
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
        guard let stored = Int(version), (1...foldVersion).contains(stored) else {
            throw .otherFoldVersion(version, own: foldVersion)
        }
        self.foldVersion = foldVersion
        storedFoldVersion = stored
        partitions = try number("partitions", in: Self.partitionRange)
        limits = DocumentLimits(
            maximumBytes: try number("maximum_state_bytes", in: 2...Int.max),
            maximumDepth: try number("maximum_depth", in: 1...Int.max),
            maximumWork: try number("maximum_work", in: 1...Int.max))
    }
}
