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
        (Mutant("no-expiry", "call('PEXPIRE', op.key, digits(op.keep))"), CreationTests().nothingStays),
        (
            Mutant("no-limit", ">= tonumber(ARGV[10]) then return { 'full' } end", ">= 1e9 then return {} end"),
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
        (Mutant("at-once", "if first > now then delay", "if false then delay"), ClaimTests().later),
        (
            Mutant(
                "shared", "become(op, 'running', 'attempt'",
                "call('ZADD', ready_key(op.kind, op.app), op.score, op.id)\n  become(op, 'queued', 'attempt'"),
            ClaimTests().once
        ),
        (
            Mutant("endless-lease", "if op.lease > now then return false end", "do return false end"),
            LeaseTests().crashes
        ),
        (
            Mutant("endless-attempts", "elseif op.attempt >= op.attempts then", "elseif false then"),
            LeaseTests().crashes
        ),
        (
            Mutant("endless-failures", "if op.attempt >= op.attempts or", "if false or"),
            LeaseTests().failures
        ),
        (Mutant("no-pause", "if at and at > now then delay", "if false then delay"), LeaseTests().failures),
        (Mutant("no-fence", "if op.token ~= token then", "if false then"), LeaseTests().fenced),
        (
            Mutant("no-repeats", "if ended == token and done == verb then return", "if false then return"),
            LeaseTests().repeats
        ),
        (Mutant("counted", "op.attempt = op.attempt - 1\n"), LeaseTests().repeats),
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
        (
            Mutant("short-tombstone", "digits(op.keep + op.retired))", "digits(op.keep))"),
            CreationTests().retirement
        ),
        (
            Mutant(
                "cancelled-though-done", "finish(op, 'succeeded', 'result_digest'",
                "finish(op, op.status == 'cancelling' and 'cancelled' or 'succeeded', 'result_digest'"),
            LeaseTests().cancellation
        ),
        (
            Mutant(
                "lost-though-repeated", "if ended == token and done == verb then",
                "if ended == token and verb == 'giveback' then"), LeaseTests().repeats
        ),
        // What is said in states
        (Mutant("said-again", "if place then call('LTRIM', key, place + 1, -1) end"), PublishingTests().statuses),
        (
            Mutant(
                "unsaid-status", "if call('LLEN', news_key(op.app, op.id)) < most_news then tell(op)", "if false then"),
            PublishingTests().statuses
        ),
        (Mutant("any-order", "call('RPUSH', news_key", "call('LPUSH', news_key"), PublishingTests().statuses),
        (Mutant("said-at-once", "mark(op, next_told(op), 'NX')", "mark(op, now, 'LT')"), PublishingTests().progress),
        (
            Mutant("progress-unsaid", "call('HSET', op.key, 'untold', 1)\n    mark(op, next_told(op), 'NX')"),
            PublishingTests().progress
        ),
        (
            Mutant(
                "nobody-settles", "settle_due()\nlocal items = {}\nfor _, member", "local items = {}\nfor _, member"),
            PublishingTests().unattended
        ),
        (Mutant("endless-news", "< most_news then tell(op)", "< 1e9 then tell(op)"), PublishingTests().full),
        (
            Mutant(
                "last-unsaid", "if op and call('HEXISTS', op.key, 'untold') == 1 then call('ZADD'",
                "if false then call('ZADD'"),
            PublishingTests().full
        ),
        // Deadlines
        (Mutant("no-start", "elseif op.attempt == 0 and op.start_at and", "elseif false and"), DeadlineTests().start),
        (
            Mutant("start-always", "elseif op.attempt == 0 and op.start_at and", "elseif op.start_at and"),
            DeadlineTests().start
        ),
        (Mutant("no-attempt-end", "op.attempt_end or math.huge", "math.huge"), DeadlineTests().attempt),
        (Mutant("no-total", "op.total_at or math.huge", "math.huge"), DeadlineTests().total),
        (
            Mutant("no-total-waiting", "local is_late = op.total_at and", "local is_late = false and"),
            DeadlineTests().total
        ),
        (Mutant("too-late", "or op.total_at and now + pause >= op.total_at"), DeadlineTests().total),
        // Tried again
        (Mutant("only-dead", "if op.status ~= 'dead' then return", "if false then return"), DeadlineTests().retry),
        (
            Mutant(
                "input-lost", "if status ~= 'dead' then call('HDEL', op.key, 'checkpoint', 'input') end",
                "call('HDEL', op.key, 'checkpoint', 'input')"), DeadlineTests().retry
        ),
        (Mutant("old-deadlines", "set_deadlines(op.key, now)\n"), DeadlineTests().retry),
        (Mutant("attempts-used", "requeue(op, nil, 'attempt', 0)", "requeue(op, nil)"), DeadlineTests().retry),
        (Mutant("still-expires", "call('PERSIST', op.key)\n"), DeadlineTests().retriedLives),
        (
            Mutant(
                "uncounted-retry", "call('HINCRBY', counts, 'alive:' .. op.app, 1)\ncall('HINCRBY', totals, 'retried'",
                "call('HINCRBY', totals, 'retried'"), DeadlineTests().retriedLives
        ),
        (
            Mutant("one-keeping", "call('PEXPIRE', op.key, digits(op.keep))", "call('PEXPIRE', op.key, '86400000')"),
            DeadlineTests().keeping
        ),
        // Whatever is done
        (Mutant("model-any-order", "call('RPUSH', news_key", "call('LPUSH', news_key"), Self.model),
        // Lists
        (
            Mutant(
                "oldest-first",
                "call('ZREVRANGEBYSCORE', list_key(app), ARGV[3] == '' and '+inf' or '(' .. ARGV[3], '-inf'",
                "call('ZRANGEBYSCORE', list_key(app), '-inf', '+inf'"), ListingTests().pages
        ),
        (Mutant("other-statuses", "(status == '' or op.status == status)", "true"), ListingTests().filters),
        (Mutant("other-kinds", "(kind == '' or op.kind == kind)", "true"), ListingTests().filters),
        (Mutant("no-end", "and most or most_listed", "and most or 1e9"), ListingTests().filters),
        (Mutant("never-forgotten", "call('ZREM', list_key(app), id)\n    elseif", "elseif"), ListingTests().forgotten),
        (
            Mutant(
                "all-listed", "'WITHSCORES', 'LIMIT', 0, looked)",
                "'WITHSCORES')\nfor i = 1, #members, 2 do call('EXISTS', members[i]) end"), ListingTests().costs
        ),
        (
            Mutant(
                "all-looked-at", "local popped = call('ZPOPMIN', ready_key(kind, app))",
                "for _, id in ipairs(call('ZRANGE', ready_key(kind, app), 0, -1)) do call('EXISTS', id) end\n  local popped = call('ZPOPMIN', ready_key(kind, app))"
            ), ListingTests().costs
        ),
    ]

    private static let model: @Sendable () async throws -> Void = {
        for seed in UInt64(1)...6 { try await OperationPropertyTests().model(seed: seed) }
    }

    @Test("Without a mechanism the test of its promise fails", arguments: tests.map(\.0.name))
    func isMissed(_ name: String) async throws {
        let (mutant, test) = try #require(Self.tests.first { $0.0.name == name })
        try await Store.$mutant.withValue(mutant) {
            try await withKnownIssue {
                try await test()
            } matching: {
                !Mutant.isBroken("\($0)")
            }
        }
    }
}
