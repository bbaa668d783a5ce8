// The scripts of webhooks: those of a partition have the limits and the common part in front, those of all webhooks the limits alone.

import ChangeLog
import Redis
import Webhooks

enum Scripts {
    static let look = ofPartition("look", PackageResources.look_lua)
    static let events = ofPartition("events", PackageResources.events_lua)
    static let fanOut = ofPartition("fanout", PackageResources.fanout_lua)
    static let marked = ofPartition("marked", PackageResources.marked_lua)
    static let versions = ofPartition("versions", PackageResources.versions_lua)
    static let hand = ofPartition("hand", PackageResources.hand_lua)
    static let claim = ofPartition("claim", PackageResources.claim_lua)
    static let settle = ofPartition("settle", PackageResources.settle_lua)
    static let drop = ofPartition("drop", PackageResources.drop_lua)
    static let get = ofPartition("get", PackageResources.get_lua)
    static let list = ofPartition("list", PackageResources.list_lua)
    static let replay = ofPartition("replay", PackageResources.replay_lua)
    static let requeue = ofPartition("requeue", PackageResources.requeue_lua)
    static let mark = ofPartition("mark", PackageResources.mark_lua)
    static let unmark = ofPartition("unmark", PackageResources.unmark_lua)
    static let emit = ofPartition("emit", PackageResources.emit_lua)

    static let hooks = ofAll("hooks", PackageResources.hooks_lua)
    static let hook = ofAll("hook", PackageResources.hook_lua)
    static let putHook = ofAll("puthook", PackageResources.puthook_lua)
    static let deleteHook = ofAll("deletehook", PackageResources.deletehook_lua)
    static let report = ofAll("report", PackageResources.report_lua)

    private static func ofPartition(_ name: String, _ source: [UInt8]) -> RedisScript {
        let limits = """
            local keep_ms, record_ms = \(WebhookLimits.keeping.milliseconds), \(WebhookLimits.recordKeeping.milliseconds)
            local most_deliveries, most_attempts = \(WebhookLimits.deliveries), \(WebhookLimits.attemptRecords)
            local most_hooks, most_read = \(WebhookLimits.webhooksAtOnce), \(WebhookLimits.eventsAtOnce)
            local most_dropped, most_scanned = \(WebhookLimits.droppedAtOnce), \(WebhookLimits.scannedAtOnce)
            local failing_attempts = \(WebhookLimits.failingAttempts)

            """
        return script(
            name, Array(limits.utf8) + PartitionEvents.prelude + PackageResources.common_lua + source)
    }

    private static func ofAll(_ name: String, _ source: [UInt8]) -> RedisScript {
        let limits = """
            local hook_channel = '\(StoreKeys.webhookChanges)'
            local failing_ms = \(WebhookLimits.failingTime.milliseconds)

            """
        return script(name, Array(limits.utf8) + source)
    }

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: "webhook-\(name)", source: String(decoding: source, as: UTF8.self))
    }
}
