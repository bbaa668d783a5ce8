// The Lua scripts of Scripts/, compiled in. `common.lua` stands in front of those that work on a partition, behind what it has to know
// about windows; `generations.lua` in front of those that begin one.

import Redis

enum Scripts {
    static let recover = alone("recover", PackageResources.generations_lua + PackageResources.recover_lua)
    static let adopt = ofPartition("adopt", PackageResources.adopt_lua)
    static let look = ofPartition("look", PackageResources.look_lua)
    static let read = ofPartition("read", PackageResources.read_lua)
    static let merged = ofPartition("merged", PartitionEvents.prelude + PackageResources.merged_lua)
    static let checkpoint = ofPartition("checkpoint", PackageResources.checkpoint_lua)
    static let delete = ofPartition("delete", PackageResources.delete_lua)
    static let status = ofPartition("status", PackageResources.status_lua)
    static let lease = ofPartition("lease", PackageResources.generations_lua + PackageResources.lease_lua)
    static let daemons = alone("daemons", PackageResources.daemons_lua)
    static let settings = alone("settings", PackageResources.settings_lua)
    static let post = alone("post", PackageResources.post_lua)
    static let notices = alone("notices", PackageResources.notices_lua)

    /// The limits are part of the source, so that no call carries or reads them: daemons with the same limits run the same script.
    static func append(_ limits: LogLimits) -> RedisScript {
        let numbers = """
            local most_changes, most_bytes = \(limits.backlogChanges), \(limits.backlogBytes)
            local most_partition_bytes, most_records = \(limits.partitionBytes), \(limits.repeatRecords)
            local record_life, client_life = \(limits.recordLifetime.milliseconds), \(limits.clientLifetime.milliseconds)
            local window, tolerance = \(limits.repeatWindow.milliseconds), \(limits.clockTolerance.milliseconds)

            """
        return ofPartition("append", Array(numbers.utf8) + PackageResources.append_lua)
    }

    private static func ofPartition(_ name: String, _ source: [UInt8]) -> RedisScript {
        let numbers = "local window_count, window_slack = \(RecordWindows.count), \(RecordWindows.slack.milliseconds)\n"
        return alone(name, Array(numbers.utf8) + PackageResources.common_lua + source)
    }

    private static func alone(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: String(decoding: source, as: UTF8.self))
    }
}
