// What happened in a partition, for webhooks: a stream in Redis, `{cNN}:events`, to which scripts add in the same step in which it happens.
// Couriers read it; nobody waits for them.

package enum PartitionEvents {
    /// Events that a partition keeps, the last ones; about as many, since Redis trims by whole nodes. At 150 bytes each 64 partitions have some
    /// 200 MB of them at most.
    package static let most = 20_000
    /// Channel: a partition, by its name, has something for couriers.
    package static let channel = "cistern:events"

    /// Channel: a partition, by its name, has a new version of some state.
    package static let versionChannel = "cistern:versions"

    /// What scripts that add an event, or publish a version, have to know.
    package static let prelude = Array(
        "local most_events, event_channel, version_channel = \(most), '\(channel)', '\(versionChannel)'\n".utf8)
}
