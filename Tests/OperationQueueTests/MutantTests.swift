import Relays
import Testing

/// A test that has never failed proves nothing. Each of these is run once more behind a relay that takes its mechanism out of the scripts.
@Suite("Tests of operations without what they test", .timeLimit(.minutes(5)))
struct MutantTests {
    private static let tests: [(Mutant, @Sendable () async throws -> Void)] = [
        (
            Mutant("no-digest", "if call('HGET', op.key, 'digest') ~= ARGV[4] then return { 'mismatch' } end"),
            CreationTests().once
        ),
        (
            Mutant("no-tombstone", "if call('EXISTS', retired_key(app, id)) == 1 then return { 'retired' } end"),
            CreationTests().retirement
        ),
        (Mutant("no-expiry", "call('PEXPIRE', op.key, digits(keep_ms))"), CreationTests().nothingStays),
        (
            Mutant("no-limit", ">= most_alive then return { 'full' } end", ">= 1e9 then return {} end"),
            CreationTests().full
        ),
        (Mutant("alive-for-ever", "call('HINCRBY', counts, 'alive:' .. op.app, -1)", "1"), CreationTests().full),
        (
            Mutant("any-revision", "if ARGV[4] ~= '' and ARGV[4] ~= call('HGET', op.key, 'revision')", "if false"),
            CreationTests().revisions
        ),
        (Mutant("no-priority", "* 2 ^ 48 + sequence", "* 0 + sequence"), ClaimTests().order),
        (
            Mutant("no-turns", "call('ZADD', apps_key(kind), call('HINCRBY', counts, 'turn', 1), app)\n  take", "take"),
            ClaimTests().turns
        ),
        (Mutant("at-once", "if tonumber(ARGV[9]) > now then delay", "if false then delay"), ClaimTests().later),
        (
            Mutant(
                "shared", "change(op, 'status', 'running', 'attempt'",
                "call('ZADD', ready_key(op.kind, op.app), op.score, op.id)\n  change(op, 'status', 'queued', 'attempt'"),
            ClaimTests().once
        ),
        (
            Mutant("endless-lease", "if not op.lease or op.lease > now then return end", "do return end"),
            LeaseTests().crashes
        ),
        (
            Mutant("endless-attempts", "if op.attempt >= op.attempts then finish", "if false then finish"),
            LeaseTests().crashes
        ),
        (
            Mutant("endless-failures", "elseif op.attempt >= op.attempts then", "elseif false then"),
            LeaseTests().failures
        ),
        (Mutant("no-pause", "if at and at > now then delay", "if false then delay"), LeaseTests().failures),
        (Mutant("no-fence", "if op.token ~= token then", "if false then"), LeaseTests().fenced),
        (
            Mutant("no-repeats", "if ended == token and done == verb then return", "if false then return"),
            LeaseTests().repeats
        ),
        (Mutant("counted", "'attempt', op.attempt - 1,", "'attempt', op.attempt,"), LeaseTests().repeats),
        (
            Mutant("short-beats", "call('HSET', op.key, 'lease', lease)\ncall('ZADD', due, lease, app .. ' ' .. id)\n"),
            LeaseTests().heartbeats
        ),
        (Mutant("no-news", "op.status == 'cancelling' and 1 or 0", "0"), LeaseTests().cancellation),
        (
            Mutant(
                "retried-though-cancelled",
                "if op.status == 'cancelling' then\n  finish(op, 'cancelled', 'error', ARGV[6]",
                "if false then\n  finish(op, 'cancelled', 'error', ARGV[6]"),
            LeaseTests().cancellation
        ),
    ]

    @Test("Without a mechanism the test of its promise fails", arguments: tests.map(\.0.name))
    func isMissed(_ name: String) async throws {
        let (mutant, test) = try #require(Self.tests.first { $0.0.name == name })
        await Store.$mutant.withValue(mutant) {
            await withKnownIssue { try await test() }
        }
    }
}
