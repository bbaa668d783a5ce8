import Relays
import Testing

/// A test that has never failed proves nothing. Each of these is run once more behind a relay that takes its mechanism out of the scripts.
@Suite("Tests of webhooks without what they test", .timeLimit(.minutes(5)))
struct MutantTests {
    private static let tests: [(Mutant, @Sendable () async throws -> Void)] = [
        (
            Mutant("no-cursor", "if (call('GET', cursor_key) or '0-0') ~= ARGV[2] then return { 'stale' } end"),
            DeliveryTests().cursor
        ),
        (Mutant("made-twice", "if call('EXISTS', key) == 1 then return false end"), DeliveryTests().once),
        (Mutant("cursor-stays", "call('SET', cursor_key, ARGV[3])"), DeliveryTests().once),
        (Mutant("no-fence", "if not d or d.token ~= ARGV[3] then", "if not d then"), DeliveryTests().leases),
        (
            Mutant(
                "no-lease", "call('ZADD', due_key(ARGV[2]), lease, id)",
                "call('ZADD', due_key(ARGV[2]), digits(now), id)"),
            DeliveryTests().leases
        ),
        (
            Mutant("endless-lease", "call('ZADD', due_key(ARGV[2]), lease, id)", "call('ZREM', due_key(ARGV[2]), id)"),
            DeliveryTests().leases
        ),
        (Mutant("uncounted", "d.attempt = d.attempt + 1"), DeliveryTests().leases),
        (Mutant("no-pause", "at = ARGV[4], now + tonumber(ARGV[5])", "at = ARGV[4], now"), DeliveryTests().retries),
        (Mutant("given-back-counts", "d.attempt = d.attempt - 1"), DeliveryTests().retries),
        (Mutant("no-attempts", "call('RPUSH', key,", "tostring(key,"), DeliveryTests().retries),
        (Mutant("failing-at-once", "if d.attempt >= failing_attempts and", "if"), DeliveryTests().troubles),
        (Mutant("failing-each-time", "call('HSET', key_of(d.id), 'failing', 1)"), DeliveryTests().troubles),
        (
            Mutant("told-of-telling", "if match(d.type, '^webhook%.') or match(d.type, '^delivery%.') then return end"),
            DeliveryTests().troubles
        ),
        (
            Mutant("dropped-under-way", "if d.status ~= 'delivering' or lease <= now then", "if true then"),
            DeliveryTests().dropped
        ),
        (
            Mutant("replayed-alive", "if not over[d.status] then return { 'alive', document(d.id) } end"),
            DeliveryTests().replays
        ),
        (
            Mutant(
                "replayed-without-bytes", "if call('EXISTS', payload_key(d.payload)) == 0 then return { 'expired' } end"
            ),
            DeliveryTests().replays
        ),
        (Mutant("recovers-all", "and (d.status ~= 'succeeded' or ARGV[6] == '1')"), DeliveryTests().requeued),
        (Mutant("recovers-others", "if d and d.hook == ARGV[2] and over", "if d and over"), DeliveryTests().requeued),
        (Mutant("no-expiry", "call('PEXPIRE', key, record_ms)\n  call('ZADD'", "call('ZADD'"), DeliveryTests().bounds),
        (
            Mutant("no-bound", "if call('ZCARD', index) > most_deliveries then", "if false then"),
            DeliveryTests().bounds
        ),
        (
            Mutant("unmarked-too-early", "if not missed and h[1] == ARGV[3] and h[2] == ARGV[4] then", "if true then"),
            StateTests().marks
        ),
        (
            Mutant("never-unmarked", "if not missed and h[1] == ARGV[3] and h[2] == ARGV[4] then", "if false then"),
            StateTests().marks
        ),
        (Mutant("no-mark-in-the-end", "if d.type == 'state.changed' then", "if false then"), StateTests().marks),
        (
            Mutant(
                "no-mark-when-quiet", "  mark_changed(ARGV[2])\n  call('SREM', KEYS[5], ARGV[2])\nend",
                "  call('SREM', KEYS[5], ARGV[2])\nend"),
            StateTests().marks
        ),
        (
            Mutant("unmarked-though-arrived", "if not status or over[status] then missed = true end"),
            StateTests().arrivedMeanwhile
        ),
        (Mutant("handed-twice", "if handed ~= before then", "if false then"), StateTests().once),
        (Mutant("kept-for-ever", "call('DEL', handed_key(app))"), StateTests().forgotten),
        (
            Mutant(
                "deleted-unmarked", "mark_changed(ARGV[2])\ncall('SREM', KEYS[5], ARGV[2])",
                "call('SREM', KEYS[5], ARGV[2])"), StateTests().forgotten
        ),
        (
            Mutant("rejected-each-time", "if tonumber(ARGV[a + 1]) > app.merged then", "if true then"),
            StateTests().rejections
        ),
        (
            Mutant(
                "any-revision",
                "if (redis.call('HGET', key, 'revision') or '') ~= ARGV[2] then return { 'changed' } end"),
            RegistryTests().life
        ),
        (
            Mutant("any-number", ">= tonumber(ARGV[4]) then return { 'full' } end", ">= 1e9 then return {} end"),
            RegistryTests().full
        ),
        (
            Mutant("never-disabled", "elseif now - tonumber(h[2]) >= failing_ms then", "elseif false then"),
            RegistryTests().failing
        ),
        (
            Mutant("failing-for-ever", "if redis.call('HDEL', key, 'failing') == 1 then", "if false then"),
            RegistryTests().failing
        ),
        (
            Mutant(
                "told-twice", "if call('SET', tag .. 'hook-told:' .. ARGV[2], 1, 'NX', 'PX', keep_ms) then",
                "if true then"), RegistryTests().failing
        ),
        (Mutant("any-creation", "if h[1] ~= ARGV[2] then return { 'unknown' } end"), RegistryTests().gone),
        (
            Mutant(
                "untold-operations", "call('XADD', events, 'MAXLEN', '~', most_events, '*', 'type', 'operation.'",
                "tostring('operation.'"),
            RegistryTests().operations
        ),
    ]

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
