import Relays

// Mechanisms of other scripts than those of the log that are taken out to see that a run notices. What each does is told in Faults.md.

extension Mutant {
    /// That one, of the log or of what builds on it.
    static func known(_ name: String) -> Mutant? { named(name) ?? (operations + webhooks).first { $0.name == name } }

    static let names = (all + operations + webhooks).map(\.name)

    static let operations = [
        Mutant(
            "made-again", "local op = find(app, id)\nif op then\n",
            "local op\ncall('DEL', retired_key(app, id))\nif op then\n"),
        Mutant("any-worker", "if op.token ~= token then", "if false then"),
        Mutant("end-forgotten", "if ended == token and done == verb then return", "if false then return"),
        Mutant("endless-work", "if op.lease > now then return false end", "do return false end"),
        Mutant("free-attempts", "'attempt', op.attempt + 1, 'token'", "'attempt', op.attempt, 'token'"),
        Mutant("news-backwards", "call('RPUSH', news_key", "call('LPUSH', news_key"),
        Mutant("status-unsaid", "mark(op, now, 'LT')\nend", "end"),
    ]

    static let webhooks = [
        Mutant(
            "end-untold", "call('XADD', events, 'MAXLEN', '~', most_events, '*', 'type', 'operation.'",
            "call('XADD', events .. '-of-nobody', 'MAXLEN', '~', most_events, '*', 'type', 'operation.'"),
        Mutant("endless-sending", "call('ZADD', due_key(ARGV[2]), lease, id)", "call('ZREM', due_key(ARGV[2]), id)"),
        Mutant("states-unmarked", "if d.type == 'state.changed' then", "if false then"),
        Mutant("unmarked-though-arrived", "if not status or over[status] then missed = true end"),
        Mutant("skipped-events", "call('SET', cursor_key, ARGV[3])", "call('SET', cursor_key, digits(now) .. '-0')"),
        Mutant(
            "other-bytes", "local body = call('GET', payload_key(d.payload))",
            "local body = call('GET', payload_key(d.payload)) .. string.rep(' ', d.attempt)"),
    ]
}
