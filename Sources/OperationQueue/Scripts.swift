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
    static let retry = script("retry", PackageResources.retry_lua)
    static let list = script("list", PackageResources.list_lua)
    static let news = script("news", PackageResources.news_lua)
    static let told = script("told", PackageResources.told_lua)
    static let tally = script("tally", PackageResources.tally_lua)
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
            local work_channel, news_channel = '\(StoreKeys.work)', '\(StoreKeys.operationNews)'
            local most_due, most_listed = \(OperationLimits.settledAtOnce), \(OperationLimits.listedAtOnce)
            local most_news = \(OperationLimits.untoldStatuses)
            local news_pause_ms = \(OperationLimits.publishingPause.milliseconds)
            local most_priority = \(OperationLimits.priorities.upperBound)
            local longest_pause_ms = \(OperationLimits.longestRetryPause.milliseconds)

            """
        let bytes = Array(limits.utf8) + PartitionEvents.prelude + PackageResources.common_lua + source
        return RedisScript(name: "operation-\(name)", source: String(decoding: bytes, as: UTF8.self))
    }
}
