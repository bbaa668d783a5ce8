// The scripts of operations: each the limits and the common part, and what it does behind them. Those of a worker have the check of its
// lease in between.

import ChangeLog
import Operations
import Redis

enum Scripts {
    static let create = script("create", PackageResources.create_lua)
    static let get = script("get", PackageResources.get_lua)
    static let result = script("result", PackageResources.result_lua)
    static let claim = script("claim", PackageResources.claim_lua)
    static let cancel = script("cancel", PackageResources.cancel_lua)
    static let heartbeat = leased("heartbeat", PackageResources.heartbeat_lua)
    static let succeed = leased("succeed", PackageResources.succeed_lua)
    static let fail = leased("fail", PackageResources.fail_lua)
    static let giveBack = leased("giveback", PackageResources.giveback_lua)

    private static func leased(_ verb: String, _ source: [UInt8]) -> RedisScript {
        script(verb, PackageResources.leased_lua + source)
    }

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        let limits = """
            local work_channel = '\(StoreKeys.work)'
            local keep_ms, retired_ms = \(OperationLimits.keeping.milliseconds), \(OperationLimits.retirement.milliseconds)
            local most_alive, most_due = \(OperationLimits.alive), \(OperationLimits.settledAtOnce)
            local most_priority = \(OperationLimits.priorities.upperBound)
            local longest_pause_ms = \(OperationLimits.longestRetryPause.milliseconds)

            """
        let bytes = Array(limits.utf8) + PartitionEvents.prelude + PackageResources.common_lua + source
        return RedisScript(name: "operation-\(name)", source: String(decoding: bytes, as: UTF8.self))
    }
}
